import { defineEntity, p } from '@mikro-orm/core'
import { v7 } from 'uuid'
import { ownedTable } from '../auth/ownership.ts'
import type { ResultPart } from '../tools/result-parts.ts'

export type ToolCallStatus =
  | 'PENDING'
  | 'AWAITING_APPROVAL'
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'DENIED'
  | 'CANCELLED'
  | 'OUTCOME_UNKNOWN'

const schema = defineEntity({
  name: 'ToolCall',
  ...ownedTable('tool_call'),
  uniques: [
    { name: 'tool_call_owner_uq', properties: ['id', 'userId'] },
    { name: 'tool_call_position_uq', properties: ['messageId', 'position'] },
  ],
  indexes: [
    { name: 'tool_call_run_idx', properties: ['runId'] },
    { name: 'tool_call_conversation_idx', properties: ['conversationId'] },
  ],
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => v7()),
    userId: p.uuid(),
    conversationId: p.uuid(),
    runId: p.uuid(),
    messageId: p.uuid(),
    /** Place among the calls of its message, from 0. */
    position: p.integer(),
    /** The provider's id of the call: plain data, not unique. */
    providerId: p.string().length(200),
    /** The name by which the model called it. */
    calledAs: p.string().length(200),
    name: p.string().length(200),
    server: p.string().length(200),
    title: p.string().length(500).nullable(),
    /** As the model wrote them: the raw text, JSON or not. */
    argumentsText: p.text(),
    /** What it is about, by a name that the person knew when it was asked for. */
    subject: p.text().nullable(),
    status: p
      .enum([
        'PENDING',
        'AWAITING_APPROVAL',
        'RUNNING',
        'SUCCEEDED',
        'FAILED',
        'DENIED',
        'CANCELLED',
        'OUTCOME_UNKNOWN',
      ])
      .$type<ToolCallStatus>(),
    /** Structured content when the tool gave it. */
    result: p.json<object>().nullable(),
    /** The whole result as text. */
    resultText: p.text().nullable(),
    /** What the result has besides text, without the images themselves. */
    resultParts: p.json<readonly Omit<ResultPart, 'data'>[]>().nullable(),
    /** For each part its image as base64, or null: large, so read only when somebody looks. */
    resultImages: p.json<readonly (string | null)[]>().nullable().lazy(),
    /** What a person said when asked; the first word holds. */
    decision: p.enum(['APPROVE', 'DENY']).nullable(),
    denialReason: p.text().nullable(),
    error: p.json<{ code: string; message: string }>().nullable(),
    progress: p.json<{ progress: number; total?: number; message?: string }>().nullable(),
    startedAt: p.datetime(3).nullable(),
    finishedAt: p.datetime(3).nullable(),
  },
})

/** One use of a tool in a turn, and what came of it. */
export class ToolCall extends schema.class {}
schema.setClass(ToolCall)
