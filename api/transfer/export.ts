import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import { Attachment } from '../conversations/attachment.entity.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { ownConversation } from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { publicId } from '../ids.ts'
import { toolCallsOfMessages } from '../runs/reading.ts'
import { Run } from '../runs/run.entity.ts'
import { ToolCall } from '../runs/tool-call.entity.ts'
import { type BundleLine, type BundleToolCall, bundleHeader } from './bundle.ts'

export type ExportOptions = {
  /** One conversation only. */
  conversationId?: string | null | undefined
  /** Told after each conversation. */
  progress?: ((done: number) => void) | undefined
}

const batch = 50

/** The viewer's conversations as a bundle, line by line, oldest first. Rejects with NOT_FOUND for a foreign one. */
export async function* exportLines(
  units: Units,
  viewer: Viewer,
  options: ExportOptions = {},
): AsyncGenerator<BundleLine> {
  yield bundleHeader
  for await (const [conversation, em] of exported(units, viewer, options)) yield* linesOf(em, viewer, conversation)
}

/** How many conversations there are to export. */
export function countExported(em: SqlEntityManager, viewer: Viewer): Promise<number> {
  return em.count(Conversation, owned(viewer))
}

/** Each in a unit of work of its own: nothing is kept of those before. */
export async function* exported(
  units: Units,
  viewer: Viewer,
  { conversationId, progress }: ExportOptions,
): AsyncGenerator<[Conversation, SqlEntityManager]> {
  if (conversationId != null) {
    const em = units.as(viewer)
    yield [await ownConversation(em, viewer, conversationId), em]
    return
  }
  let done = 0
  let last: Conversation | undefined
  do {
    const behind: object = last
      ? { createdAt: { $gte: last.createdAt }, $or: [{ createdAt: { $gt: last.createdAt } }, { id: { $gt: last.id } }] }
      : {}
    const found: Conversation[] = await units
      .as(viewer)
      .find(Conversation, { $and: [owned(viewer), behind] }, { orderBy: { createdAt: 'asc', id: 'asc' }, limit: batch })
    for (const conversation of found) {
      yield [conversation, units.as(viewer)]
      progress?.(++done)
    }
    last = found.length === batch ? found.at(-1) : undefined
  } while (last)
}

const ended = ['COMPLETED', 'STOPPED', 'FAILED', 'INTERRUPTED'] as const
const finished = ['SUCCEEDED', 'FAILED', 'DENIED', 'CANCELLED', 'OUTCOME_UNKNOWN'] as const

/** What is being made right now is left out: it is not finished. */
async function* linesOf(em: SqlEntityManager, viewer: Viewer, it: Conversation): AsyncGenerator<BundleLine> {
  yield {
    type: 'conversation',
    id: it.origin ?? publicId('conv', it.id),
    title: it.title,
    titledBy: it.titledBy,
    createdAt: it.createdAt.toISOString(),
    updatedAt: it.updatedAt.toISOString(),
    archivedAt: timeOf(it.archivedAt),
    pinnedAt: timeOf(it.pinnedAt),
  }
  const runs = await em.find(
    Run,
    { conversationId: it.id, status: { $in: [...ended] }, ...owned(viewer) },
    { orderBy: { createdAt: 'asc', id: 'asc' } },
  )
  const numbers = new Map(runs.map(({ id }, at) => [id, at + 1]))
  const sequences = new Map<string, number>()
  const counts = { messages: 0, attachments: 0, runs: 0 }
  for await (const page of messagePages(em, viewer, it.id)) {
    const calls = await toolCallsOfMessages(
      em,
      viewer,
      page.map(({ id }) => id),
    )
    const files = await filesOf(em, viewer, page)
    for (const message of page) {
      if (message.status === 'STREAMING' || (message.runId && !numbers.has(message.runId))) continue
      sequences.set(message.id, message.sequence)
      counts.messages++
      yield {
        type: 'message',
        sequence: message.sequence,
        role: message.role,
        content: message.content,
        status: message.status,
        createdAt: message.createdAt.toISOString(),
        supersededAt: timeOf(message.supersededAt),
        replaces: (message.replacesId && sequences.get(message.replacesId)) || null,
        feedback: message.feedback ?? null,
        run: (message.runId && numbers.get(message.runId)) || null,
        toolCalls: await shownCalls(em, viewer, calls.get(message.id) ?? []),
      }
      for (const file of files.get(message.id) ?? []) {
        const line = await fileLine(em, viewer, file, message.sequence)
        if (line) counts.attachments++
        if (line) yield line
      }
    }
  }
  for (const run of runs) {
    const message = sequences.get(run.messageId)
    if (message === undefined) continue
    counts.runs++
    yield runLine(run, numbers.get(run.id) ?? 0, message)
  }
  yield { type: 'end', ...counts }
}

const timeOf = (time: Date | null | undefined) => time?.toISOString() ?? null

export async function* messagePages(
  em: SqlEntityManager,
  viewer: Viewer,
  conversationId: string,
): AsyncGenerator<Message[]> {
  let after = 0
  for (;;) {
    const page = await em.find(
      Message,
      { conversationId, sequence: { $gt: after }, ...owned(viewer) },
      { orderBy: { sequence: 'asc' }, limit: batch },
    )
    if (page.length > 0) yield page
    if (page.length < batch) return
    after = page.at(-1)?.sequence ?? after
  }
}

async function filesOf(
  em: SqlEntityManager,
  viewer: Viewer,
  messages: readonly Message[],
): Promise<Map<string, Attachment[]>> {
  const ids = messages.filter(({ role }) => role === 'USER').map(({ id }) => id)
  if (ids.length === 0) return new Map()
  const files = await em.find(
    Attachment,
    { messageId: { $in: ids }, ...owned(viewer) },
    { orderBy: { position: 'asc' } },
  )
  return Map.groupBy(files, ({ messageId }) => messageId ?? '')
}

/** The bytes of one file at a time. */
async function fileLine(
  em: SqlEntityManager,
  viewer: Viewer,
  { id }: Attachment,
  message: number,
): Promise<BundleLine | null> {
  const file = await em.fork().findOne(Attachment, { id, ...owned(viewer) }, { populate: ['bytes'] })
  if (!file?.bytes || !file.uploadedAt) return null
  return {
    type: 'attachment',
    message,
    name: file.name,
    mediaType: file.mediaType,
    createdAt: file.createdAt.toISOString(),
    uploadedAt: file.uploadedAt.toISOString(),
    data: Buffer.from(file.bytes).toString('base64'),
  }
}

/** A call that is still at work has no end that could be moved. */
async function shownCalls(em: SqlEntityManager, viewer: Viewer, calls: readonly ToolCall[]): Promise<BundleToolCall[]> {
  const shown: BundleToolCall[] = []
  for (const call of calls) {
    const status = finished.find((it) => it === call.status)
    if (status) shown.push(shownCall(call, status, await imagesOf(em, viewer, call)))
  }
  return shown
}

/** Those of one call at a time: each may have a megabyte. */
async function imagesOf(em: SqlEntityManager, viewer: Viewer, { id, resultParts }: ToolCall) {
  if (!resultParts?.some(({ kind }) => kind === 'IMAGE')) return []
  const call = await em.fork().findOne(ToolCall, { id, ...owned(viewer) }, { populate: ['resultImages'] })
  return call?.resultImages ?? []
}

function shownCall(
  call: ToolCall,
  status: BundleToolCall['status'],
  images: readonly (string | null)[],
): BundleToolCall {
  return {
    providerId: call.providerId,
    calledAs: call.calledAs,
    name: call.name,
    server: call.server,
    title: call.title ?? null,
    arguments: call.argumentsText,
    subject: call.subject ?? null,
    status,
    result: (call.result ?? null) as BundleToolCall['result'],
    resultText: call.resultText ?? null,
    resultParts:
      call.resultParts?.map(({ kind, title, uri, mimeType, bytes }, place) => ({
        ...{ kind, title, uri, mimeType, bytes, image: images[place] ?? null },
      })) ?? null,
    decision: call.decision ?? null,
    denialReason: call.denialReason ?? null,
    error: call.error ? { code: call.error.code, message: call.error.message } : null,
    startedAt: timeOf(call.startedAt),
    finishedAt: timeOf(call.finishedAt),
  }
}

function runLine(run: Run, number: number, message: number): BundleLine {
  return {
    type: 'run',
    run: number,
    message,
    status: run.status as (typeof ended)[number],
    attempt: run.attempt,
    model: run.model,
    usage: run.usage ? { ...run.usage } : null,
    error: run.failure ? { ...run.failure } : null,
    createdAt: run.createdAt.toISOString(),
    startedAt: timeOf(run.startedAt),
    finishedAt: timeOf(run.finishedAt),
  }
}
