import type {
  MessageFieldsFragment,
  RunFieldsFragment,
  ToolCallFieldsFragment,
} from '../../schema/generated/graphql.ts'
import type { ConversationEvent } from './events.ts'

export type ChatMessage = MessageFieldsFragment
export type ChatRun = RunFieldsFragment
export type ChatToolCall = ToolCallFieldsFragment

/** What the chat page shows. Messages are in order of their number and have their id once. */
export type ConversationState = {
  messages: readonly ChatMessage[]
  /** The run that is being made or waits. */
  activeRun: ChatRun | null
  /** The newest one that ended: how it ended is worth saying when it is not COMPLETED. */
  lastRun: ChatRun | null
  title: string
  /** The model of the active run is asked again so long after this was told; undefined while nothing is waited for. */
  busy?: { retryAfterMs: number } | undefined
}

export type ConversationChange =
  | { type: 'read'; state: ConversationState }
  | { type: 'earlier'; messages: readonly ChatMessage[] }
  | { type: 'sent'; message: ChatMessage; run: ChatRun }
  | { type: 'replaced'; messageId: string; message: ChatMessage }
  | { type: 'taken back'; messageId: string }
  | { type: 'run'; run: ChatRun }
  | { type: 'rated'; messageId: string; feedback: ChatMessage['feedback'] }
  | { type: 'tool call'; messageId: string; toolCall: ChatToolCall }
  | { type: 'events'; events: readonly ConversationEvent[] }

/** History and events merged by message id. Finished messages are the truth: replayed steps do not touch them. */
export function changeConversation(state: ConversationState, change: ConversationChange): ConversationState {
  switch (change.type) {
    case 'read':
      return withEarlier(change.state, state.messages)
    case 'earlier':
      return { ...state, messages: change.messages.reduce(merge, state.messages) }
    case 'sent':
      return withAnswer({ ...state, messages: mergeNew(state.messages, change.message) }, change.run)
    case 'replaced':
      return { ...state, messages: mergeNew(without(state.messages, change.messageId), change.message) }
    case 'taken back':
      return { ...state, messages: without(state.messages, change.messageId) }
    case 'run':
      return withAnswer(state, change.run)
    case 'rated':
      return edit(state, change.messageId, (it) => ({ ...it, feedback: change.feedback }))
    case 'tool call':
      return isOldCall(state, change) ? state : withToolCall(state, change.messageId, change.toolCall)
    case 'events':
      return change.events.reduce(applyEvent, state)
  }
}

/** What was read from further back stays, as long as it goes up to what was read now: nothing between them is missing. */
function withEarlier(read: ConversationState, before: readonly ChatMessage[]): ConversationState {
  const joint = before.findIndex(({ id }) => id === read.messages[0]?.id)
  return joint > 0 ? { ...read, messages: [...before.slice(0, joint), ...read.messages] } : read
}

/** Whatever a run tells next ends a wait for its model. */
function applyEvent(before: ConversationState, event: ConversationEvent): ConversationState {
  const state = event.__typename === 'ConversationUpdated' ? before : { ...before, busy: undefined }
  switch (event.__typename) {
    case 'ModelBusy':
      return { ...state, busy: { retryAfterMs: event.retryAfterMs } }
    case 'ConversationUpdated':
      return { ...state, title: event.conversation.title, activeRun: event.conversation.activeRun }
    case 'RunStarted':
      return withRun({ ...state, messages: merge(withoutSuperseded(state.messages, event), event.message) }, event.run)
    case 'MessageStarted': {
      const known = state.messages.find(({ id }) => id === event.message.id)
      return known && isFinished(known) ? state : { ...state, messages: merge(state.messages, event.message) }
    }
    case 'MessageDelta':
      return unfinished(state, event.messageId, (it) => ({ ...it, content: it.content + event.delta }))
    case 'MessageReset':
      return unfinished(state, event.messageId, (it) => ({ ...it, content: '', toolCalls: [] }))
    case 'MessageCompleted':
      return { ...state, messages: merge(state.messages, event.message) }
    case 'ToolCallChanged': {
      const { message, ...call } = event.toolCall
      return withToolCall(state, message.id, call)
    }
    case 'RunEnded':
      return withRun({ ...state, messages: state.messages.filter((it) => !isLeftEmpty(it, event.run)) }, event.run)
    default:
      return state
  }
}

/** The place that was kept for a turn in which nothing was said. */
const isLeftEmpty = (message: ChatMessage, run: ChatRun) =>
  message.run?.id === run.id && message.role === 'ASSISTANT' && !isFinished(message) && message.content === ''

/** An edit takes the place of what it replaces and all after that, trying again of all after the question. */
function withoutSuperseded(
  messages: readonly ChatMessage[],
  { message, run }: { message: ChatMessage; run: ChatRun },
): readonly ChatMessage[] {
  const replaced = messages.find(({ id }) => id === message.replaces?.id)
  const from = replaced?.sequence ?? message.sequence + 1
  const stays = (it: ChatMessage) =>
    it.sequence < from || it.run?.id === run.id || it.id === message.id || (!replaced && it.role === 'USER')
  return messages.every(stays) ? messages : messages.filter(stays)
}

export const isFinished = ({ status }: { status: ChatMessage['status'] }) => status !== 'STREAMING'

const endings: readonly ChatRun['status'][] = ['COMPLETED', 'STOPPED', 'FAILED', 'INTERRUPTED']

/** A run that ended leaves its place free; one that goes on takes it, unless it waits for the one that is there. */
function withRun(before: ConversationState, run: ChatRun): ConversationState {
  const state = { ...before, messages: withRunOf(before.messages, run) }
  const waits = run.status === 'QUEUED' && state.activeRun !== null && state.activeRun.id !== run.id
  if (waits) return state
  if (!endings.includes(run.status)) return { ...state, activeRun: run }
  return { ...state, activeRun: state.activeRun?.id === run.id ? null : state.activeRun, lastRun: run }
}

/** How far a run is. Between these steps it goes in one direction only. */
const stepOf = ({ status }: { status: ChatRun['status'] }) =>
  endings.includes(status) ? 2 : status === 'QUEUED' ? 0 : 1

/** What a request was answered may come later than events that tell of what happened next: then they count. */
function withAnswer(state: ConversationState, run: ChatRun): ConversationState {
  const known = [state.activeRun, state.lastRun, ...state.messages.map((it) => it.run)]
  const isOld = known.some((it) => it?.id === run.id && stepOf(it) > stepOf(run))
  return isOld ? { ...state, messages: withKnownRun(state, run.id) } : withRun(state, run)
}

/** A message that came with an old answer is given what is known of its run. */
function withKnownRun({ activeRun, lastRun, messages }: ConversationState, id: string): readonly ChatMessage[] {
  const whole = [activeRun, lastRun].find((it) => it?.id === id)
  return whole ? withRunOf(messages, whole) : messages
}

const callSteps: readonly ChatToolCall['status'][] = ['AWAITING_APPROVAL', 'PENDING', 'RUNNING']

/** The same for the answer to a decision: where a call goes from there is one direction too. */
function isOldCall({ messages }: ConversationState, change: { messageId: string; toolCall: ChatToolCall }): boolean {
  const calls = messages.find(({ id }) => id === change.messageId)?.toolCalls ?? []
  const known = calls.find(({ id }) => id === change.toolCall.id)
  const step = ({ status }: ChatToolCall) => (callSteps.includes(status) ? callSteps.indexOf(status) : callSteps.length)
  return known !== undefined && step(known) >= step(change.toolCall)
}

/** What is known of a run beside each of its messages. Those of other runs stay the same objects: they are not drawn again. */
function withRunOf(messages: readonly ChatMessage[], { id, model, status, usage }: ChatRun): readonly ChatMessage[] {
  return messages.map((it) => (it.run?.id === id ? { ...it, run: { id, model, status, usage } } : it))
}

/** Those that wait for their turn stand at the end, as their turns will come, whatever their number is until then. */
export function inOrder(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  if (!messages.some(isWaiting)) return messages
  const byRun = (a: ChatMessage, b: ChatMessage) => ((a.run?.id ?? '') < (b.run?.id ?? '') ? -1 : 1)
  return [...messages.filter((it) => !isWaiting(it)), ...messages.filter(isWaiting).toSorted(byRun)]
}

export const isWaiting = ({ role, run }: ChatMessage) => role === 'USER' && run?.status === 'QUEUED'

const without = (messages: readonly ChatMessage[], id: string) => messages.filter((it) => it.id !== id)

/** What events told of a message already is newer than what a request was answered. */
const mergeNew = (messages: readonly ChatMessage[], message: ChatMessage) =>
  messages.some(({ id }) => id === message.id) ? messages : merge(messages, message)

/** Puts a message in its place. Newest first is where it most often belongs, so the search begins at the end. */
function merge(messages: readonly ChatMessage[], message: ChatMessage): readonly ChatMessage[] {
  const others = messages.filter(({ id }) => id !== message.id)
  const after = others.findLastIndex(({ sequence }) => sequence < message.sequence)
  return others.toSpliced(after + 1, 0, message)
}

function edit(state: ConversationState, id: string, change: (message: ChatMessage) => ChatMessage): ConversationState {
  const at = state.messages.findLastIndex((it) => it.id === id)
  const message = state.messages[at]
  return message ? { ...state, messages: state.messages.with(at, change(message)) } : state
}

function unfinished(
  state: ConversationState,
  id: string,
  change: (message: ChatMessage) => ChatMessage,
): ConversationState {
  return edit(state, id, (it) => (isFinished(it) ? it : change(it)))
}

function withToolCall(state: ConversationState, messageId: string, call: ChatToolCall): ConversationState {
  return edit(state, messageId, (it) => ({ ...it, toolCalls: withCall(it.toolCalls, call) }))
}

function withCall(calls: readonly ChatToolCall[], call: ChatToolCall): ChatToolCall[] {
  const at = calls.findIndex(({ id }) => id === call.id)
  return at < 0 ? [...calls, call] : calls.with(at, call)
}

/** Whether a message that is still on its way was told already: events may be faster than the answer to the request. */
export function isArrived(messages: readonly ChatMessage[], { text, after }: { text: string; after: number }): boolean {
  return messages.some(({ role, sequence, content }) => role === 'USER' && sequence > after && content === text)
}

/**
 * Whether an event means that messages on the page were superseded (by a retry or an edit, from here or elsewhere): then the
 * conversation has to be read again. An answer that begins belongs at the end. What waited and ends was taken back, perhaps.
 */
export function supersedes(messages: readonly ChatMessage[], event: ConversationEvent): boolean {
  if (event.__typename === 'RunEnded') return messages.some((it) => isWaiting(it) && it.run?.id === event.run.id)
  if (event.__typename !== 'RunStarted') return false
  const { message, run } = event
  const replaced = messages.some(({ id }) => id === message.replaces?.id)
  return (
    replaced || messages.some((it) => it.sequence > message.sequence && it.role !== 'USER' && it.run?.id !== run.id)
  )
}
