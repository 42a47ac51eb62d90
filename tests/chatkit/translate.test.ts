import { v7 } from 'uuid'
import { describe, expect, test } from 'vitest'
import { AnswerTranslation, type LoadedEvent } from '../../api/chatkit/answer-translation.ts'
import { messageInput } from '../../api/chatkit/message-input.ts'
import type { ThreadEvent, UserMessageInput } from '../../api/chatkit/protocol.ts'
import { toolTask, type UsedTool } from '../../api/chatkit/tool-task.ts'
import { messageOfItem, type SaidMessage, toItems, toThread, workflowId } from '../../api/chatkit/translate.ts'
import { wordsFor } from '../../api/chatkit/words.ts'
import { publicId } from '../../api/ids.ts'
import { answerFaults, itemFaults, streamFaults, type WireEvent } from './conformance.ts'

const english = wordsFor(new Headers())
const createdAt = new Date('2026-11-25T15:47:59.717Z')
const conversationId = v7()
const thread_id = publicId('conv', conversationId)

function message(content: string, role: SaidMessage['role'] = 'ASSISTANT', id = v7()): SaidMessage {
  return { id, conversationId, role, content, createdAt }
}

function call(change: Partial<UsedTool> = {}): UsedTool {
  return {
    ...{ id: v7(), name: 'add_task', server: 'tasks', title: 'Add task', argumentsText: '{"title":"buy oat milk"}' },
    ...{
      status: 'SUCCEEDED',
      subject: null,
      result: null,
      resultText: null,
      resultParts: null,
      decision: null,
      denialReason: null,
      error: null,
      progress: null,
    },
    ...change,
  }
}

describe('a conversation as a thread', () => {
  const conversation = { id: conversationId, title: 'New conversation', titledBy: 'nobody' as const, createdAt }

  test('has no title as long as nobody gave it one', () => {
    const thread = toThread(conversation)
    expect(thread).toEqual({
      id: thread_id,
      created_at: '2026-11-25T15:47:59.717Z',
      status: { type: 'active' },
      metadata: {},
      items: { data: [], has_more: false },
    })
    expect(answerFaults('threads.update', thread)).toEqual([])
  })

  test('has the title that a person or the model gave it, even one that says "New conversation"', () => {
    expect(toThread({ ...conversation, titledBy: 'user' }).title).toBe('New conversation')
    expect(toThread({ ...conversation, title: 'Oat milk', titledBy: 'model' }).title).toBe('Oat milk')
  })
})

describe('a message as items', () => {
  const shown = (said: SaidMessage, calls: UsedTool[] = []) =>
    toItems(said, calls, english).map((item) => {
      expect(itemFaults(item)).toEqual([])
      return `${item.type} ${item.id === publicId('msg', said.id) ? 'message' : item.id === workflowId(said.id) ? 'workflow' : '?'}`
    })

  test.each([
    ['of a person', message('hi', 'USER'), [], ['user_message message']],
    ['of the assistant', message('hello'), [], ['assistant_message message']],
    ['with tools', message('I add it.'), [call()], ['assistant_message message', 'workflow workflow']],
    ['that only calls tools', message(''), [call(), call()], ['workflow workflow']],
    ['that is still being written', message(''), [], []],
    ['of imported instructions', message('You are a pirate.', 'SYSTEM'), [], []],
  ])('%s', (_, said, calls, items) => {
    expect(shown(said, calls)).toEqual(items)
  })

  test('keeps the text as it is, and UTC with milliseconds', () => {
    const said = message('a\u202e**b** \u{1f95b}', 'USER')
    expect(toItems(said, [], english)).toEqual([
      {
        ...{ id: publicId('msg', said.id), thread_id, created_at: '2026-11-25T15:47:59.717Z', type: 'user_message' },
        ...{ content: [{ type: 'input_text', text: said.content }], attachments: [], inference_options: {} },
      },
    ])
  })

  test('the id of a workflow leads back to its message', () => {
    const { id } = message('')
    expect(messageOfItem(workflowId(id))).toBe(id)
    expect(messageOfItem(publicId('msg', id))).toBe(id)
    expect(messageOfItem(publicId('run', id))).toBeNull()
    expect(messageOfItem('wf_1')).toBeNull()
  })
})

describe('a tool call as a task', () => {
  const asTask = (call: UsedTool) => toolTask(call, english)

  test.each<[Partial<UsedTool>, string, string]>([
    [{ status: 'PENDING' }, 'loading', 'Adding a task'],
    [{ status: 'RUNNING' }, 'loading', 'Adding a task'],
    [{ status: 'AWAITING_APPROVAL' }, 'none', 'Adding a task waits for you'],
    [{ status: 'SUCCEEDED' }, 'complete', 'Added a task'],
    [{ status: 'FAILED' }, 'complete', 'Adding a task did not work'],
    [{ status: 'DENIED' }, 'complete', 'Adding a task was declined'],
    [{ status: 'CANCELLED' }, 'complete', 'Adding a task was stopped'],
    [{ status: 'OUTCOME_UNKNOWN' }, 'complete', 'Adding a task was cut off'],
    [{ server: 'weather', title: 'Weather report', status: 'RUNNING' }, 'loading', 'Using “Weather report”'],
    [{ server: 'weather', name: 'get_weather', title: null }, 'complete', 'Used “get weather”'],
    [{ server: 'weather', name: 'x', title: '![x](http://evil.test)' }, 'complete', 'Used “![x] (http://evil.test)”'],
    [{ server: 'evil', name: 'delete_task', title: null }, 'complete', 'Used “delete task”'],
    [{ name: 'delete_task' }, 'complete', 'Deleted a task'],
    [{ name: 'delete_task', subject: 'buy\nmilk' }, 'complete', 'Deleted the task “buy milk”'],
    [{ name: 'update_task', subject: 'x'.repeat(90) }, 'complete', `Changed the task “${'x'.repeat(80)}…”`],
    [{ server: 'conversations', name: 'search_conversations' }, 'complete', 'Searched your conversations'],
    [{ server: 'conversations', name: 'read_conversation' }, 'complete', 'Read an earlier conversation'],
    [
      { server: 'conversations', name: 'read_conversation', subject: 'Lisbon', status: 'RUNNING' },
      ...(['loading', 'Reading the conversation “Lisbon”'] as const),
    ],
  ])('%j is %s: %s', (change, status_indicator, title) => {
    expect(asTask(call(change))).toMatchObject({ type: 'custom', status_indicator, title })
  })

  test('shows arguments and result, shortened', () => {
    const argumentsText = JSON.stringify({ title: 'x'.repeat(500), due_on: '2026-11-27', notes: null })
    const { content = '' } = asTask(call({ argumentsText, resultText: 'y'.repeat(5_000) }))
    expect(content).toContain(`- title: \`${'x'.repeat(200)}…\`\n- due_on: \`2026-11-27\`\n- notes: \`null\`\n\n`)
    expect(content).toContain(`\`\`\`\n${'y'.repeat(600)}…\n\`\`\``)
  })

  test('names what came besides text, and opens no address', () => {
    const part = { title: null, uri: null, mimeType: null, bytes: null }
    const resultParts = [
      { ...part, kind: 'IMAGE' as const, mimeType: 'image/png', bytes: 70 },
      { ...part, kind: 'LINK' as const, title: '[page](x)', uri: 'https://evil.test/?q=1' },
      { ...part, kind: 'AUDIO' as const },
    ]
    const named = '- A picture: `image/png`\n- A link: `[page](x)`, `https://evil.test/?q=1`\n- A sound'
    const shown = (resultText: string) => asTask(call({ argumentsText: '', resultText, resultParts })).content
    expect(shown('[image: image/png]\n[page: https://evil.test/?q=1]\n[audio: data]')).toBe(named)
    expect(shown('Look:\n[image: image/png]')).toBe(`\`\`\`\nLook:\n[image: image/png]\n\`\`\`\n\n${named}`)
  })

  test('says by name what it is about, and hides the id of it', () => {
    const argumentsText = JSON.stringify({ task_id: 'task_01', title: 'new' })
    const about = { name: 'update_task', argumentsText }
    expect(asTask(call({ ...about, subject: 'old' })).content).toBe('- title: `new`')
    expect(asTask(call(about)).content).toContain('task_01')
  })

  test('says why it failed', () => {
    const failed = call({ status: 'FAILED', error: { code: 'TOOL_FAILED', message: 'title: must not be blank' } })
    expect(asTask(failed)).toMatchObject({ icon: 'info' })
    expect(asTask(failed).content).toMatch(/\n\nIt did not work: `title: must not be blank`$/)
  })

  test.each([
    ['', undefined],
    ['{}', undefined],
    ['not json', '- arguments: `not json`'],
    ['["a"]', '- 0: `a`'],
    ['42', '- arguments: `42`'],
    ['{"a":{"b":[1]}}', '- a: `{"b":[1]}`'],
    ['{"[x](http://evil.test)":"![x](http://evil.test)"}', '- xhttpeviltest: `![x](http://evil.test)`'],
    ['{"a":"`` ![x](y) ```"}', '- a: ```` `` ![x](y) ``` ````'],
  ])('makes nothing come to life in %j', (argumentsText, content) => {
    expect(asTask(call({ argumentsText })).content).toBe(content)
  })

  test('cuts no character in half', () => {
    const { content = '' } = asTask(call({ argumentsText: '', resultText: `${'x'.repeat(599)}\u{1f95b}\u{1f95b}` }))
    expect(content.isWellFormed()).toBe(true)
    expect(content).toContain(`${'x'.repeat(599)}…`)
  })
})

/** What ChatKit is told, short: type, then what matters. Each event is checked against the wire on the way. */
function told(events: LoadedEvent[], { endsWell = true } = {}): string[] {
  const translation = new AnswerTranslation(english)
  const out = events.flatMap((event) => [...translation.translate(event)])
  expect(streamFaults('threads.retry_after_item', [options, ...out] as WireEvent[], { endsWell })).toEqual([])
  return out.map(short)
}

const options: ThreadEvent = { type: 'stream_options', stream_options: { allow_cancel: true } }

function short(event: ThreadEvent): string {
  switch (event.type) {
    case 'thread.item.added':
    case 'thread.item.done':
    case 'thread.item.replaced': {
      const { item } = event
      const text =
        item.type === 'workflow'
          ? `[${item.workflow.tasks.map((it) => it.status_indicator)}] ${item.workflow.summary?.title ?? ''}`
          : item.type === 'widget'
            ? 'status' in item.widget
              ? item.widget.status.text
              : ''
            : 'content' in item
              ? item.content.map((part) => part.text).join('|')
              : item.status
      return `${event.type.slice(12)} ${item.type} ${text}`.trim()
    }
    case 'thread.item.updated': {
      const { update } = event
      if ('delta' in update) return `delta ${update.delta}`
      if ('task' in update) return `${update.type} ${update.task_index} ${update.task.status_indicator}`
      return `${update.type.slice(18)} ${update.content.text}`.trim()
    }
    case 'error':
      return `error ${event.code} ${'message' in event ? event.message : ''} ${event.allow_retry}`
    case 'progress_update':
      return event.text
    default:
      return event.type
  }
}

const completed: LoadedEvent = { type: 'run.ended', run: { status: 'COMPLETED', failure: null } }

describe('an answer as thread events', () => {
  test('text comes word by word, and whole at the end', () => {
    const said = message('Paris it is.')
    expect(
      told([
        { type: 'message.started', message: { ...said, content: '' } },
        { type: 'message.delta', messageId: said.id, text: 'Paris' },
        { type: 'message.delta', messageId: said.id, text: ' it is.' },
        { type: 'message.completed', message: said },
        completed,
      ]),
    ).toEqual([
      'added assistant_message',
      'content_part.added',
      'delta Paris',
      'delta  it is.',
      'content_part.done Paris it is.',
      'done assistant_message Paris it is.',
    ])
  })

  test('a turn that only calls tools is a workflow and no message', () => {
    const said = message('')
    const [first, second] = [call(), call()]
    const at = (...calls: UsedTool[]): LoadedEvent => ({ type: 'tool-call.changed', message: said, calls })
    expect(
      told([
        { type: 'message.started', message: said },
        { type: 'message.completed', message: said },
        at({ ...first, status: 'PENDING' }, { ...second, status: 'PENDING' }),
        at({ ...first, status: 'RUNNING' }, { ...second, status: 'PENDING' }),
        at({ ...first, status: 'RUNNING' }, second),
        at(first, second),
        completed,
      ]),
    ).toEqual([
      'added workflow [loading,loading]',
      'Adding a task…',
      'workflow.task.updated 1 complete',
      'workflow.task.updated 0 complete',
      'done workflow [complete,complete] Used tools 2 times',
      'Thinking…',
    ])
  })

  test('who looks late still sees each task at work first', () => {
    const said = message('I add it.')
    const failed = call({ status: 'FAILED', error: { code: 'TOOL_FAILED', message: 'no' } })
    expect(
      told([
        { type: 'message.completed', message: said },
        { type: 'tool-call.changed', message: said, calls: [call(), failed] },
        { type: 'tool-call.changed', message: said, calls: [call(), failed] },
        completed,
      ]),
    ).toEqual([
      'done assistant_message I add it.',
      'added workflow [loading,loading]',
      'workflow.task.updated 0 complete',
      'workflow.task.updated 1 complete',
      'done workflow [complete,complete] Used tools 2 times, 1 without success',
      'Thinking…',
    ])
  })

  test('one tool sums itself up', () => {
    const said = message('')
    const { content } = toolTask(call(), english)
    expect(content).toBe('- title: `buy oat milk`')
    expect(told([{ type: 'tool-call.changed', message: said, calls: [call()] }, completed])).toContain(
      'done workflow [complete] Added a task',
    )
  })

  test('progress of a tool is told', () => {
    const said = message('')
    const running = call({ status: 'RUNNING' })
    const translation = new AnswerTranslation(english)
    const [, , update] = [
      ...translation.translate({ type: 'tool-call.changed', message: said, calls: [running] }),
      ...translation.translate({
        type: 'tool-call.changed',
        message: said,
        calls: [{ ...running, progress: { progress: 1, total: 2, message: 'half way' } }],
      }),
    ]
    expect(update).toMatchObject({
      type: 'thread.item.updated',
      update: {
        task_index: 0,
        task: { status_indicator: 'loading', content: '- title: `buy oat milk`\n\n`half way`' },
      },
    })
  })

  test('a wait for the model is told in words, and not when it is over', () => {
    const said = message('Rome.')
    const answer: LoadedEvent[] = [
      { type: 'message.started', message: { ...said, content: '' } },
      { type: 'message.completed', message: said },
      completed,
    ]
    const busy = (ms: number): LoadedEvent => ({ type: 'model.busy', until: new Date(Date.now() + ms).toISOString() })
    expect(told([busy(19_900), ...answer])[0]).toMatch(/^The model is busy. It is asked again in (1\d|20) seconds…$/)
    expect(told([busy(-1_000), ...answer])).toEqual(told(answer))
  })

  test('a message that starts over is emptied in its place', () => {
    const said = message('Rome.')
    const steps: LoadedEvent[] = [
      { type: 'message.started', message: { ...said, content: '' } },
      { type: 'message.delta', messageId: said.id, text: 'Par' },
      { type: 'message.reset', message: { ...said, content: '' } },
      { type: 'message.delta', messageId: said.id, text: 'Rome.' },
      { type: 'message.completed', message: said },
      completed,
    ]
    expect(told(steps, { endsWell: false })).toEqual([
      'added assistant_message',
      'content_part.added',
      'delta Par',
      'replaced assistant_message',
      'content_part.added',
      'delta Rome.',
      'content_part.done Rome.',
      'done assistant_message Rome.',
    ])
  })

  test('a start over before the first word is not seen', () => {
    const said = message('Rome.')
    expect(
      told([
        { type: 'message.started', message: said },
        { type: 'message.reset', message: said },
        { type: 'message.completed', message: said },
        completed,
      ]),
    ).toEqual(['done assistant_message Rome.'])
  })

  test('words that came to nothing do not stay', () => {
    const said = message('')
    const begun: LoadedEvent[] = [
      { type: 'message.started', message: said },
      { type: 'message.delta', messageId: said.id, text: 'Par' },
    ]
    expect(told([...begun, { type: 'message.completed', message: said }, completed]).at(-1)).toBe('thread.item.removed')
    expect(told([...begun, completed]).at(-1)).toBe('thread.item.removed')
  })

  test('deltas of a message that nobody knows are left out', () => {
    expect(told([{ type: 'message.delta', messageId: v7(), text: 'x' }, completed])).toEqual([])
  })

  test('a stopped run just ends, with its tools', () => {
    const said = message('I')
    expect(
      told([
        { type: 'message.completed', message: said },
        { type: 'tool-call.changed', message: said, calls: [call({ status: 'CANCELLED' })] },
        { type: 'run.ended', run: { status: 'STOPPED', failure: null } },
      ]).slice(-1),
    ).toEqual(['done workflow [complete] Adding a task was stopped'])
  })

  test.each([
    [
      'FAILED',
      { code: 'MODEL_RATE_LIMITED', message: 'The model is busy.', retryable: true },
      'The model is busy. true',
    ],
    ['INTERRUPTED', { code: 'STEP_LIMIT', message: 'Too many steps.', retryable: false }, 'Too many steps. false'],
    ['INTERRUPTED', null, 'The answer could not be finished. true'],
  ] as const)('a run that ends %s says why', (status, failure, error) => {
    expect(told([{ type: 'run.ended', run: { status, failure } }])).toEqual([`error custom ${error}`])
  })

  test.each([
    [{ waitSeconds: 30 }, 'Das Modell ist gerade ausgelastet. Versuche es in 30 Sekunden noch einmal.'],
    [{ waitSeconds: 3_600 }, 'Das Modell ist gerade ausgelastet. Versuche es in 60 Minuten noch einmal.'],
    [{}, 'Das Modell ist gerade ausgelastet.'],
    [{ retryable: false }, 'Das Modell ist zurzeit nicht verfügbar.'],
  ])('a busy model in German: %j', (change, words) => {
    const failure = { code: 'MODEL_RATE_LIMITED' as const, message: 'The model is busy.', retryable: true, ...change }
    expect(wordsFor(new Headers({ 'accept-language': 'de' })).failure(failure)).toBe(words)
  })
})

describe('what a person typed as one message', () => {
  const input = (change: Partial<UserMessageInput> = {}): UserMessageInput => ({
    content: [{ type: 'input_text', text: 'hi' }],
    attachments: [],
    inference_options: {},
    ...change,
  })
  const tag = { type: 'input_tag' as const, id: 't', text: 'Ada', data: {}, interactive: false }

  test.each<[string, Partial<UserMessageInput>, string]>([
    ['text', {}, 'hi'],
    [
      'text and tags',
      { content: [{ type: 'input_text', text: 'Ask ' }, tag, { type: 'input_text', text: '!' }] },
      'Ask @Ada!',
    ],
    ['a quote', { quoted_text: ' one\ntwo\n' }, '> one\n> two\n\nhi'],
    ['no quote', { quoted_text: '' }, 'hi'],
    ['space that was typed', { content: [{ type: 'input_text', text: ' hi\n' }] }, ' hi\n'],
  ])('%s', (_, change, content) => {
    expect(messageInput(input(change))).toEqual({ content })
  })

  test('the model that was picked goes along', () => {
    expect(messageInput(input({ inference_options: { model: 'small' } }))).toEqual({ content: 'hi', model: 'small' })
    expect(messageInput(input({ inference_options: { model: null, tool_choice: null } }))).toEqual({ content: 'hi' })
  })

  test.each<[string, Partial<UserMessageInput>, string]>([
    ['nothing', { content: [] }, 'BAD_USER_INPUT'],
    ['only space', { content: [{ type: 'input_text', text: ' \n' }] }, 'BAD_USER_INPUT'],
    ['only a quote', { content: [], quoted_text: 'x' }, 'BAD_USER_INPUT'],
    ['a tool of its own choice', { inference_options: { tool_choice: { id: 'shell' } } }, 'BAD_USER_INPUT'],
    ['an attachment that was never uploaded', { attachments: ['atc_1'] }, 'NOT_FOUND'],
  ])('%s is refused', (_, change, code) => {
    expect(() => messageInput(input(change))).toThrow(expect.objectContaining({ code }))
  })
})
