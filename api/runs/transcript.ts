import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { Message } from '../conversations/message.entity.ts'
import { isPageTool } from '../tools/page-tools.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { type Filed, filesForModel } from './files-for-model.ts'
import { buildHistory, type PastMessage } from './history.ts'
import type { LoopStart } from './loop.ts'
import { Run } from './run.entity.ts'
import { ToolCall } from './tool-call.entity.ts'

/** What a run begins or goes on with. */
export type Transcript = {
  start: LoopStart
  repairs: string[]
  /** The question that is answered. */
  question: string
  /** Calls of the last turn that have not ended. */
  open: ToolCall[]
  /** Those of them that were at work when their server died and must not be made again. */
  unknown: ToolCall[]
  /** Nothing is left to do but to end the run: its last turn asked for no calls, or for one that the page answers. */
  finished: boolean
}

type Limits = { historyMessages: number; toolResultBytes: number; attachmentHistoryBytes: number }

/** Read once from the database: the window of finished messages up to the question, and the run's own turns on top. */
export async function readTranscript(
  em: SqlEntityManager,
  viewer: Viewer,
  run: Run,
  toolbox: Toolbox,
  limits: Limits,
): Promise<Transcript> {
  const own = await em.find(Message, { runId: run.id, ...owned(viewer) }, { orderBy: { sequence: 'asc' } })
  const cutOff = own.find((it) => it.status === 'STREAMING')
  const turns = own.filter((it) => it !== cutOff)
  const messages = [...(await readWindow(em, viewer, run, limits)), ...turns]
  const messageId = { $in: messages.map((it) => it.id) }
  const calls = await em.find(ToolCall, { messageId, ...owned(viewer) }, { orderBy: { position: 'asc' } })
  const filed = await filesForModel(em, viewer, messages, limits)
  const callsOf = (message: Message) => calls.filter((call) => call.messageId === message.id)
  const last = turns.at(-1)
  const open = last ? callsOf(last).filter((call) => !call.finishedAt) : []
  const unknown = open.filter((call) => isUnknown(toolbox, call))
  const pending = new Set(open.filter((call) => !unknown.includes(call)))
  const waiting = new Set([...pending].filter((call) => isAsked(toolbox, call)))
  const page = new Set([...pending].filter((call) => isPageTool(call) && call.status === 'PENDING'))
  const { history, repairs } = buildHistory(
    messages.map((message) => pastMessage(message, callsOf(message), pending, unknown, filed.get(message.id))),
    limits,
  )
  const lastTurn = history.findLast((entry) => entry.role === 'assistant')
  const shown = (call: ToolCall) =>
    (lastTurn?.calls ?? []).flatMap((it) =>
      it.callId === call.id ? [{ ...it, approved: call.decision === 'APPROVE' }] : [],
    )
  return {
    start: {
      history,
      turns: turns.map((turn) => ({ calls: callsOf(turn).map(asModelCall) })),
      calls: [...pending].filter((call) => !waiting.has(call) && !page.has(call)).flatMap(shown),
      waiting: [...waiting].flatMap((call) =>
        shown(call).map((it) => ({ ...it, asked: call.status === 'AWAITING_APPROVAL' })),
      ),
      page: page.size > 0,
      messageId: cutOff?.id,
      outputBytes: turns.reduce((bytes, turn) => bytes + Buffer.byteLength(turn.content), 0),
    },
    repairs,
    question: messages.findLast((it) => it.role === 'USER')?.content ?? '',
    open,
    unknown,
    finished: last !== undefined && !cutOff && (callsOf(last).length === 0 || isAllForPage(open, page)),
  }
}

function isAllForPage(open: readonly ToolCall[], page: ReadonlySet<ToolCall>): boolean {
  return page.size > 0 && open.length === page.size
}

/**
 * Up to the question, which is always among them; when the page answered a call in between, with what earlier runs said to
 * the same question. What waits in the queue was said earlier, perhaps, but has its turn later.
 */
async function readWindow(em: SqlEntityManager, viewer: Viewer, run: Run, limits: Limits): Promise<Message[]> {
  const question = await em.findOneOrFail(Message, { id: run.messageId, ...owned(viewer) })
  const earlier = await em.find(Run, { messageId: question.id, number: { $lt: run.number ?? 0 }, ...owned(viewer) })
  const { conversationId } = run
  const waiting = await em.find(Run, { conversationId, status: 'QUEUED', ...owned(viewer) })
  const newestFirst = await em.find(
    Message,
    {
      conversationId,
      id: { $nin: waiting.map(({ messageId }) => messageId) },
      $or: [{ sequence: { $lte: question.sequence } }, { runId: { $in: earlier.map(({ id }) => id) } }],
      supersededAt: null,
      status: { $ne: 'STREAMING' },
      ...owned(viewer),
    },
    { orderBy: { sequence: 'desc' }, limit: limits.historyMessages },
  )
  const window = newestFirst.toReversed()
  return window.some(({ id }) => id === question.id) ? window : [question, ...window.slice(1)]
}

/** Whether the call was cut off and must stay so: it may be made again only when the tool says that this does no harm. */
export function isUnknown(toolbox: Toolbox, call: ToolCall): boolean {
  const tool = toolbox.offered().find((it) => it.calledAs === call.calledAs)
  return call.status === 'RUNNING' && !(tool?.readOnly || tool?.idempotent)
}

/** A call that no person has allowed yet, though one must. */
function isAsked(toolbox: Toolbox, call: ToolCall): boolean {
  if (call.decision === 'APPROVE' && call.status === 'PENDING') return false
  const tool = toolbox.offered().find((it) => it.calledAs === call.calledAs)
  return call.status === 'AWAITING_APPROVAL' || (call.status === 'PENDING' && tool?.needsApproval === true)
}

function pastMessage(
  message: Message,
  calls: ToolCall[],
  pending: Set<ToolCall>,
  unknown: ToolCall[],
  filed: Filed | undefined,
): PastMessage {
  return {
    role: message.role,
    content: message.content + (filed?.text ?? ''),
    files: filed?.files ?? [],
    reasoning: message.reasoning,
    calls: calls.map((call) => ({
      ...asModelCall(call),
      callId: call.id,
      pending: pending.has(call),
      providerId: call.providerId,
      calledAs: call.calledAs,
      argumentsText: call.argumentsText,
      status: unknown.includes(call) ? 'OUTCOME_UNKNOWN' : call.status,
      resultText: call.resultText,
      denialReason: call.denialReason,
      error: call.error,
    })),
  }
}

const asModelCall = (call: ToolCall) => ({ id: call.providerId, name: call.calledAs, arguments: call.argumentsText })
