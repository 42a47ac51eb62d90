import type { EntityName, FilterQuery } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { Attachment } from '../conversations/attachment.entity.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { Message } from '../conversations/message.entity.ts'
import { countOfEach, firstPages, keysetPage, type Page, type PageArgs } from '../page.ts'
import { Task } from '../tasks/task.entity.ts'
import { inQueueOrder } from './queue-order.ts'
import { Run } from './run.entity.ts'
import { ToolCall } from './tool-call.entity.ts'

/**
 * Reads by id, many at a time. What is unknown and what belongs to someone else is simply not in the answer.
 */
type Finder<T> = (em: SqlEntityManager, viewer: Viewer, ids: readonly string[]) => Promise<Map<string, T>>

type OwnedRow = { id: string; userId: string }

export const findConversations: Finder<Conversation> = byId(Conversation)
export const findMessages: Finder<Message> = byId(Message)
export const findRuns: Finder<Run> = byId(Run)
export const findToolCalls: Finder<ToolCall> = byId(ToolCall)
export const findTasksById: Finder<Task> = byId(Task)
export const findAttachments: Finder<Attachment> = byId(Attachment)

function byId<T extends OwnedRow>(entity: EntityName<T>): Finder<T> {
  return async (em, viewer, ids) => {
    const rows = await em.find(entity, { id: { $in: [...ids] }, ...owned(viewer) } as FilterQuery<NoInfer<T>>)
    return new Map(rows.map((row) => [row.id, row as T]))
  }
}

/** By conversation: the run that is being made or waits for a person; else the next in its queue. */
export const activeRunsOf: Finder<Run> = async (em, viewer, conversationIds) => {
  const runs = await em.find(Run, {
    conversationId: { $in: [...conversationIds] },
    status: { $in: ['RUNNING', 'AWAITING_APPROVAL', 'QUEUED'] },
    ...owned(viewer),
  })
  const waiting = runs.filter((run) => run.status === 'QUEUED').sort(inQueueOrder)
  const active = runs.filter((run) => run.status !== 'QUEUED')
  return new Map([...waiting.reverse(), ...active].map((run) => [run.conversationId, run]))
}

/** By user message: the newest run that answers it. */
export const runsAnswering: Finder<Run> = async (em, viewer, messageIds) => {
  const runs = await em.find(Run, { messageId: { $in: [...messageIds] }, ...owned(viewer) }, { orderBy: { id: 'asc' } })
  return new Map(runs.map((run) => [run.messageId, run]))
}

/** By run: what the assistant said in it, turn by turn. */
export const messagesOfRuns: Finder<Message[]> = async (em, viewer, runIds) => {
  const messages = await em.find(
    Message,
    { runId: { $in: [...runIds] }, ...owned(viewer) },
    { orderBy: { sequence: 'asc' } },
  )
  return Map.groupBy(messages, (message) => message.runId ?? '')
}

/** By message: what was called in it, in order. */
export const toolCallsOfMessages: Finder<ToolCall[]> = async (em, viewer, messageIds) => {
  const calls = await em.find(
    ToolCall,
    { messageId: { $in: [...messageIds] }, ...owned(viewer) },
    { orderBy: { position: 'asc' } },
  )
  return Map.groupBy(calls, (call) => call.messageId)
}

const newestFirst = { name: 'runs', keys: ['id'], direction: 'desc' } as const

/** The newest first. */
export function listRuns(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationId: string,
  args: PageArgs,
): Promise<Page<Run>> {
  return keysetPage(em, Run, { ...newestFirst, where: { conversationId, ...owned(viewer) } }, args)
}

/** The same of many conversations, without a cursor. */
export function listRunsOfEach(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationIds: readonly string[],
  args: Pick<PageArgs, 'first' | 'last' | 'limits'>,
): Promise<Map<string, Page<Run>>> {
  return firstPages(em, Run, { ...newestFirst, where: owned(viewer), parent: 'conversationId' }, conversationIds, args)
}

/** By conversation. */
export function countRunsOfEach(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationIds: readonly string[],
): Promise<Map<string, number>> {
  return countOfEach(em, Run, owned(viewer), 'conversationId', conversationIds)
}
