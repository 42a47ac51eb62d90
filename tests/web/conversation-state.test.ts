import { describe, expect, test } from 'vitest'
import {
  type ChatMessage,
  type ChatRun,
  changeConversation,
  inOrder,
  isArrived,
  isWaiting,
  supersedes,
} from '../../web/app/conversation-state.ts'
import type { ConversationEvent } from '../../web/app/events.ts'

const message = (id: string, sequence: number, more: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  sequence,
  role: 'ASSISTANT',
  content: '',
  status: 'STREAMING',
  createdAt: '2026-01-01T00:00:00.000Z',
  feedback: null,
  replaces: null,
  attachments: [],
  run: { id: 'run_1', model: 'm', status: 'RUNNING', usage: null },
  toolCalls: [],
  ...more,
})
const said = message('msg_1', 1, { role: 'USER', content: 'Hi', status: 'COMPLETE' })
const run: ChatRun = { id: 'run_1', status: 'RUNNING', model: 'm', usage: null, error: null }
const call = { id: 'call_1', name: 'add_task', server: 'tasks', title: null, arguments: {}, result: null } as const
const toolCall = {
  ...call,
  subject: null,
  startedAt: null,
  finishedAt: null,
  resultTruncated: false,
  resultParts: [],
  denialReason: null,
  error: null,
  progress: null,
  message: { id: 'msg_2' },
}

const whole: ConversationEvent[] = [
  { __typename: 'RunStarted', cursor: '1', run, message: { ...said, replaces: null } },
  { __typename: 'MessageStarted', cursor: '2', message: message('msg_2', 2) },
  { __typename: 'MessageDelta', cursor: '3', messageId: 'msg_2', delta: 'Hel' },
  { __typename: 'MessageDelta', cursor: '4', messageId: 'msg_2', delta: 'lo' },
  {
    __typename: 'MessageCompleted',
    cursor: '5',
    message: message('msg_2', 2, { content: 'Hello', status: 'COMPLETE' }),
  },
  { __typename: 'ToolCallChanged', cursor: '6', toolCall: { ...toolCall, status: 'RUNNING' } },
  { __typename: 'ToolCallChanged', cursor: '7', toolCall: { ...toolCall, status: 'SUCCEEDED' } },
  { __typename: 'RunEnded', cursor: '8', run: { ...run, status: 'COMPLETED' } },
]
const empty = { messages: [], activeRun: null, lastRun: null, title: 'T' }
const told = (events: readonly ConversationEvent[], state: Parameters<typeof changeConversation>[0] = empty) =>
  changeConversation(state, { type: 'events', events })

describe('a conversation on the page', () => {
  test('shows text as it comes, and what it became', () => {
    expect(told(whole.slice(0, 4)).messages.map(({ content }) => content)).toEqual(['Hi', 'Hello'])
    expect(told(whole.slice(0, 4)).activeRun?.id).toBe('run_1')
    const end = told(whole)
    expect(end.messages[1]).toMatchObject({ content: 'Hello', status: 'COMPLETE' })
    expect(end.messages[1]?.toolCalls.map(({ status }) => status)).toEqual(['SUCCEEDED'])
    expect(end).toMatchObject({ activeRun: null, lastRun: { status: 'COMPLETED' } })
  })

  test('is the same whichever part of it is told a second time', () => {
    const end = told(whole)
    for (let from = 0; from < whole.length; from++) expect(told(whole.slice(from), end)).toEqual(end)
  })

  test('is not taken back by what a request is answered late', () => {
    const late = { ...said, run: { ...run, status: 'QUEUED' as const } }
    const changes = [
      { type: 'sent', message: late, run: { ...run, status: 'QUEUED' } },
      { type: 'sent', message: said, run },
      { type: 'run', run },
      { type: 'replaced', messageId: 'msg_0', message: late },
      { type: 'tool call', messageId: 'msg_2', toolCall: { ...toolCall, status: 'PENDING' } },
    ] as const
    const end = told(whole)
    for (const change of changes) expect(changeConversation(end, change), change.type).toEqual(end)
    // The run alone was told of so far: its message comes with the answer, and knows the run as it is.
    const alone = { ...empty, lastRun: { ...run, status: 'COMPLETED' as const } }
    const { messages } = changeConversation(alone, { type: 'sent', message: late, run: { ...run, status: 'QUEUED' } })
    expect(messages.map((it) => it.run?.status)).toEqual(['COMPLETED'])
    // In time it counts.
    const asked = told([
      ...whole.slice(0, 5),
      { ...whole[5], toolCall: { ...toolCall, status: 'AWAITING_APPROVAL' } } as ConversationEvent,
    ])
    const decided = changeConversation(asked, changes[4])
    expect(decided.messages[1]?.toolCalls.map(({ status }) => status)).toEqual(['PENDING'])
    expect(changeConversation(empty, changes[1])).toMatchObject({ activeRun: run, messages: [said] })
  })

  test('starts a message over that another server takes over, but never a finished one', () => {
    const reset: ConversationEvent = { __typename: 'MessageReset', cursor: '4b', messageId: 'msg_2' }
    const again: ConversationEvent = { __typename: 'MessageDelta', cursor: '4c', messageId: 'msg_2', delta: 'Hey' }
    expect(told([...whole.slice(0, 4), reset, again]).messages[1]?.content).toBe('Hey')
    expect(told([reset, again], told(whole)).messages[1]?.content).toBe('Hello')
  })

  test('has each message once and in order, wherever it comes from', () => {
    const early = [message('msg_0', 0, { status: 'COMPLETE' }), said]
    const state = changeConversation(told(whole), { type: 'earlier', messages: early })
    expect(state.messages.map(({ id }) => id)).toEqual(['msg_0', 'msg_1', 'msg_2'])
  })

  test('knows that the model is waited for until the run tells anything else', () => {
    const busy: ConversationEvent = { __typename: 'ModelBusy', cursor: '1b', retryAfterMs: 3_000 }
    expect(told([...whole.slice(0, 1), busy]).busy).toEqual({ retryAfterMs: 3_000 })
    for (const next of whole.slice(1)) expect(told([...whole.slice(0, 1), busy, next]).busy).toBeUndefined()
  })

  test('forgets the place that was kept for a turn in which nothing was said', () => {
    const ended: ConversationEvent = { __typename: 'RunEnded', cursor: '9', run: { ...run, status: 'STOPPED' } }
    expect(told([...whole.slice(0, 2), ended]).messages.map(({ id }) => id)).toEqual(['msg_1'])
  })

  test('keeps the run that is being made when an earlier one ends late', () => {
    const next = { ...run, id: 'run_2' }
    const state = changeConversation(told(whole.slice(0, 4)), { type: 'run', run: next })
    expect(told(whole.slice(7), state).activeRun?.id).toBe('run_2')
  })

  test('takes an event that it does not know for nothing', () => {
    const unknown = { __typename: 'SomethingNew', cursor: '9' } as unknown as ConversationEvent
    expect(told([unknown], told(whole))).toEqual(told(whole))
  })

  test('knows a message on its way again when its event is faster than the answer', () => {
    expect(isArrived([said], { text: 'Hi', after: 0 })).toBe(true)
    expect(isArrived([said], { text: 'Hi', after: 1 })).toBe(false)
  })

  test('has to be read again when an answer begins where another one stood, or a message replaces one', () => {
    const { messages } = told(whole)
    const begins = (message: typeof said, id: string, replaces: string | null = null): ConversationEvent => {
      const replaced = replaces ? { id: replaces } : null
      return { __typename: 'RunStarted', cursor: '9', run: { ...run, id }, message: { ...message, replaces: replaced } }
    }
    const next = message('msg_3', 3, { role: 'USER', content: 'And?', status: 'COMPLETE' })
    expect(supersedes(messages, begins(said, 'run_1')), 'told a second time').toBe(false)
    expect(supersedes(messages, begins(next, 'run_2')), 'the next question').toBe(false)
    expect(supersedes(messages, begins(said, 'run_2')), 'a retry').toBe(true)
    expect(supersedes(messages, begins(next, 'run_2', 'msg_1')), 'an edit').toBe(true)
    const shownAfter = (event: ConversationEvent) => told([event], { ...empty, messages }).messages.map(({ id }) => id)
    expect(shownAfter(begins(said, 'run_1')), 'told a second time').toEqual(['msg_1', 'msg_2'])
    expect(shownAfter(begins(said, 'run_2')), 'a retry').toEqual(['msg_1'])
    expect(shownAfter(begins(next, 'run_2', 'msg_1')), 'an edit').toEqual(['msg_3'])
  })

  test('keeps what waits at the end, and its run out of the way of the one that is there', () => {
    const running = told(whole.slice(0, 2))
    const queued = { ...run, id: 'run_2', status: 'QUEUED' } as const
    const next = message('msg_3', 1.5, { role: 'USER', content: 'And?', status: 'COMPLETE', run: queued })
    const sent = changeConversation(running, { type: 'sent', message: next, run: queued })
    expect(sent.activeRun?.id).toBe('run_1')
    expect(inOrder(sent.messages).map(({ id }) => id)).toEqual(['msg_1', 'msg_2', 'msg_3'])
    const given = changeConversation(sent, { type: 'run', run: { ...queued, status: 'STOPPED' } })
    expect(given.messages.some(isWaiting)).toBe(false)
    expect(given.activeRun?.id).toBe('run_1')
  })

  test('says how many tokens an answer took as soon as its run has ended', () => {
    const usage = { inputTokens: 10, outputTokens: 5 }
    const end = told([...whole.slice(0, -1), { __typename: 'RunEnded', cursor: '8', run: { ...run, usage } }])
    expect(end.messages.at(-1)?.run?.usage).toEqual(usage)
  })
})
