import { describe, expect, test } from 'vitest'
import { standardLimits } from '../api/limits.ts'
import type { HistoryEntry, HistoryFile, ModelCall, ModelEvent } from '../api/runs/model.ts'
import { dayIn, spokenDay } from '../api/runs/models/offline/days.ts'
import { type Task, tasksNamed } from '../api/runs/models/offline/matching.ts'
import { type Wish, wishesIn } from '../api/runs/models/offline/wishes.ts'
import { createModel } from '../api/runs/openai-model.ts'
import type { ToolSpec } from '../api/tools/toolbox.ts'

/** A Wednesday. */
const today = '2026-11-25'

describe('days in words', () => {
  test.each([
    ['today', '2026-11-25'],
    ['tonight', '2026-11-25'],
    ['tomorrow', '2026-11-26'],
    ['the day after tomorrow', '2026-11-27'],
    ['Friday', '2026-11-27'],
    ['wednesday', '2026-12-02'],
    ['this Wednesday', '2026-11-25'],
    ['monday', '2026-11-30'],
    ['next Monday', '2026-11-30'],
    ['next friday', '2026-12-04'],
    ['next week', '2026-11-30'],
    ['next month', '2026-12-01'],
    ['the weekend', '2026-11-28'],
    ['next weekend', '2026-12-05'],
    ['the end of the week', '2026-11-27'],
    ['end of the month', '2026-11-30'],
    ['in 3 days', '2026-11-28'],
    ['in a week', '2026-12-02'],
    ['in two weeks', '2026-12-09'],
    ['in 3 months', '2027-02-25'],
    ['2026-12-01', '2026-12-01'],
    ['1.12.2026', '2026-12-01'],
    ['December 1st', '2026-12-01'],
    ['1 December', '2026-12-01'],
    ['the 3rd of January', '2027-01-03'],
    ['March 5, 2028', '2028-03-05'],
    ['2026-02-30', null],
    ['31 November', null],
    ['soon', null],
  ])('%s', (words, day) => {
    expect(dayIn(words, today)).toBe(day)
  })

  test.each([
    ['2026-11-25', 'today'],
    ['2026-11-26', 'tomorrow'],
    ['2026-11-27', 'Friday 27 November'],
    ['2027-01-01', 'Friday 1 January 2027'],
  ])('%s is spoken', (day, words) => {
    expect(spokenDay(day, today).replace(',', '')).toBe(words)
  })
})

describe('what is asked for', () => {
  const add = (title: string, due: string | null = null): Wish => ({ kind: 'add', tasks: [{ title, due }] })
  const open: Wish = { kind: 'list', status: 'open', due: null }
  const friday = '2026-11-27'

  const table: [string, ...Wish[]][] = [
    ["Add 'buy oat milk' for Friday, then show my open tasks", add('buy oat milk', friday), open],
    ['Add “buy oat milk” for Friday and show my tasks.', add('buy oat milk', friday), open],
    ['add buy milk and eggs', add('buy milk and eggs')],
    ['Add collect and mark the papers', add('collect and mark the papers')],
    ['Please add buy milk tomorrow, please!', add('buy milk', '2026-11-26')],
    ['Could you add a task to call Dr. Smith on 2026-12-01?', add('call Dr. Smith', '2026-12-01')],
    ['Add a new task: water the plants, due next Monday', add('water the plants', '2026-11-30')],
    ['create a task called pay rent (due Friday)', add('pay rent', friday)],
    ['put "pay rent" on my list for Friday', add('pay rent', friday)],
    ['Add milk to my list', add('milk')],
    ['Remind me to call mum tomorrow', add('call mum', '2026-11-26')],
    ['Remind me tomorrow to call mum', add('call mum', '2026-11-26')],
    ['I need to file taxes by the end of the month', add('file taxes', '2026-11-30')],
    ["Don't forget mum's birthday on 3 December", add("mum's birthday", '2026-12-03')],
    ['Add watch the sun', add('watch the sun')],
    ['todo: sweep', add('sweep')],
    ["Add 'then show my tasks'", add('then show my tasks')],
    [
      "Add 'a' for Friday and 'b' for Monday",
      {
        kind: 'add',
        tasks: [
          { title: 'a', due: friday },
          { title: 'b', due: '2026-11-30' },
        ],
      },
    ],
    [
      "Add 'a', 'b' and 'c' for Friday",
      { kind: 'add', tasks: ['a', 'b', 'c'].map((title) => ({ title, due: friday })) },
    ],
    [
      'Add these tasks:\n- buy milk\n- call Ada tomorrow\n\nThen show my tasks',
      {
        kind: 'add',
        tasks: [
          { title: 'buy milk', due: '2026-11-26' },
          { title: 'call Ada', due: '2026-11-26' },
        ],
      },
      open,
    ],
    ['show my open tasks', open],
    ['What do I have to do?', open],
    ["what's left", open],
    ['my tasks', open],
    ['tasks?', open],
    ['Open my tasks page', { kind: 'go-to-tasks' }],
    ['Please take me to the dashboard', { kind: 'go-to-tasks' }],
    ['Add milk and open the tasks page', add('milk'), { kind: 'go-to-tasks' }],
    ['open tasks', open],
    ["Add 'open the tasks page'", add('open the tasks page')],
    ['list all tasks', { kind: 'list', status: 'all', due: null }],
    ['Which tasks are done?', { kind: 'list', status: 'done', due: null }],
    [
      'What is due tomorrow?',
      { kind: 'list', status: 'open', due: { from: '2026-11-26', to: '2026-11-26', words: 'due tomorrow' } },
    ],
    ['anything due today?', { kind: 'list', status: 'open', due: { from: null, to: today, words: 'due today' } }],
    [
      'what is due this week',
      { kind: 'list', status: 'open', due: { from: null, to: '2026-11-29', words: 'due this week' } },
    ],
    ['Any tasks overdue?', { kind: 'list', status: 'open', due: { from: null, to: '2026-11-24', words: 'overdue' } }],
    ['Complete buy oat milk', { kind: 'complete', names: ['buy oat milk'] }],
    ["Mark 'buy oat milk' as done", { kind: 'complete', names: ['buy oat milk'] }],
    ["Complete 'a' and 'b'", { kind: 'complete', names: ['a', 'b'] }],
    ['I have finished the report', { kind: 'complete', names: ['report'] }],
    ['buy oat milk is done', { kind: 'complete', names: ['buy oat milk'] }],
    ['mark it as done', { kind: 'complete', names: ['it'] }],
    ['complete all my tasks', { kind: 'complete-all' }],
    ['Mark pay rent as not done', { kind: 'reopen', name: 'pay rent' }],
    ["Rename 'call Ada' to 'write to Ada'", { kind: 'rename', name: 'call Ada', title: 'write to Ada' }],
    ['Move pay rent to Monday', { kind: 'reschedule', name: 'pay rent', due: '2026-11-30' }],
    ['change the due date of pay rent to tomorrow', { kind: 'reschedule', name: 'pay rent', due: '2026-11-26' }],
    ['change pay rent to pay the rent', { kind: 'rename', name: 'pay rent', title: 'pay the rent' }],
    ['remove the due date of pay rent', { kind: 'reschedule', name: 'pay rent', due: null }],
    ['Add a note to pay rent: new account', { kind: 'note', name: 'pay rent', notes: 'new account' }],
    ['Delete pay rent', { kind: 'delete', name: 'pay rent' }],
    ['get rid of the task pay rent', { kind: 'delete', name: 'pay rent' }],
    ['Hello', { kind: 'greet' }],
    ['Hi! Add buy milk', { kind: 'greet' }, add('buy milk')],
    ['thanks a lot', { kind: 'thank' }],
    ['What can you do?', { kind: 'help' }],
    ['Can you help me?', { kind: 'help' }],
    ['How do I connect a model?', { kind: 'connect' }],
    ['What day is it today?', { kind: 'today' }],
    ['What is the capital of France?', { kind: 'unclear', text: 'What is the capital of France?' }],
  ]
  test.each(table)('%s', (message, ...wishes) => {
    expect(wishesIn(message, today)).toEqual(wishes)
  })

  test('nothing in a long or odd message takes long', () => {
    const started = performance.now()
    for (const message of [
      'add '.repeat(16_000),
      `${'"'.repeat(9_999)}x`,
      'a, '.repeat(20_000),
      ' '.repeat(60_000),
      '\n- x'.repeat(9_000),
    ])
      wishesIn(message, today)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('tasks by name', () => {
  const tasks = ['buy oat milk', 'Buy oat bread', 'Café: call the owner', 'buy oat milk'].map(
    (title, at): Task => ({ id: `task_${at}`, title, completed: false }),
  )
  test.each([
    ['buy oat milk', ['task_0']],
    ['BUY OAT MILK!', ['task_0']],
    ['milk', ['task_0']],
    ['cafe', ['task_2']],
    ['the owner', ['task_2']],
    ['buy oat', ['task_0', 'task_1', 'task_3']],
    ['water the plants', []],
    ['', []],
  ])('%s', (name, ids) => {
    expect(tasksNamed(name, tasks).map((task) => task.id)).toEqual(ids)
  })
})

const instructions = `You help.\nToday is ${today} (Wednesday), time zone Europe/Berlin.`

/** The tools over a list in memory, as the built-in server answers. */
function taskTools(titles: string[] = []) {
  const tasks = titles.map((title, at) => ({
    id: `task_${at}`,
    title,
    notes: null as string | null,
    due_on: null as string | null,
    completed: false,
  }))
  const work: Record<string, (args: Record<string, unknown>) => unknown> = {
    add_task: ({ title, due_on = null }) => {
      const task = {
        id: `task_${tasks.length}`,
        title: String(title),
        notes: null,
        due_on: due_on as string | null,
        completed: false,
      }
      tasks.push(task)
      return { task }
    },
    list_tasks: ({ status = 'open' }) => ({
      tasks: tasks.filter((it) => status === 'all' || it.completed === (status === 'done')).toReversed(),
      more: false,
    }),
    update_task: ({ task_id, ...change }) => ({
      task: Object.assign(tasks.find((it) => it.id === task_id) ?? {}, change),
    }),
    complete_task: ({ task_id }) => ({
      task: Object.assign(tasks.find((it) => it.id === task_id) ?? {}, { completed: true }),
    }),
  }
  return { tasks, work }
}

function spec(name: string): ToolSpec {
  const flags = { readOnly: false, idempotent: false, destructive: false, needsApproval: false }
  return {
    calledAs: name,
    name,
    server: 'tasks',
    title: null,
    description: name,
    inputSchema: { type: 'object' },
    ...flags,
  }
}

const model = createModel(
  { key: undefined, baseUrl: undefined, api: 'responses', names: ['offline'], wordMilliseconds: 0 },
  standardLimits,
)

async function ask(history: readonly HistoryEntry[], tools: readonly ToolSpec[], told = instructions) {
  const events: ModelEvent[] = []
  const request = { model: 'offline', instructions: told, history, tools }
  for await (const event of model.ask(request, new AbortController().signal)) events.push(event)
  return events
}

/** A conversation with the offline assistant, its calls made as the loop would. */
function conversation({ tasks, work }: ReturnType<typeof taskTools>) {
  const history: HistoryEntry[] = []
  const tools = Object.keys(work).map(spec)
  return {
    tasks,
    async says(text: string, files: HistoryFile[] = []): Promise<{ text: string; calls: string[][] }> {
      history.push({ role: 'user', text, files })
      const calls: string[][] = []
      for (;;) {
        const events = await ask(history, tools)
        const last = events.at(-1)
        if (last?.type !== 'finished') throw new Error('no end')
        const said = events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('')
        history.push({ role: 'assistant', text: said, calls: last.calls.map((it) => ({ ...it, callId: it.id })) })
        if (last.calls.length === 0) return { text: said, calls }
        calls.push(last.calls.map((call) => call.name))
        for (const call of last.calls)
          history.push({ role: 'tool', callId: call.id, name: call.name, output: outputOf(call) })
      }
    },
  }

  function outputOf(call: ModelCall): string {
    const result = work[call.name]?.(JSON.parse(call.arguments))
    return typeof result === 'string' ? result : JSON.stringify(result)
  }
}

describe('the offline assistant', () => {
  test('adds a task, then shows the open ones, one call after the other', async () => {
    const { says, tasks } = conversation(taskTools(['water the plants']))
    const { text, calls } = await says("Add 'buy oat milk' for Friday, then show my open tasks")
    expect(calls).toEqual([['add_task'], ['list_tasks']])
    expect(tasks[1]).toMatchObject({ title: 'buy oat milk', due_on: '2026-11-27' })
    expect(text).toBe(
      'Added **buy oat milk** for Friday 27 November.\n\nYou have 2 open tasks:\n\n- buy oat milk (Friday 27 November)\n- water the plants',
    )
  })

  test('adds several at once', async () => {
    const { says, tasks } = conversation(taskTools())
    const { calls } = await says("Add 'a', 'b' and 'c'")
    expect(calls).toEqual([['add_task', 'add_task', 'add_task']])
    expect(tasks.map((task) => task.title)).toEqual(['a', 'b', 'c'])
  })

  test('does many things of one kind in few turns', async () => {
    const { says, tasks } = conversation(taskTools())
    expect((await says('Add a. Add b tomorrow.\nAdd c.\nThen show my tasks')).calls).toEqual([
      ['add_task', 'add_task', 'add_task'],
      ['list_tasks'],
    ])
    expect(tasks.map((task) => [task.title, task.due_on])).toEqual([
      ['a', null],
      ['b', '2026-11-26'],
      ['c', null],
    ])
  })

  test('completes by name: looks first, then completes what is most like it', async () => {
    const { says, tasks } = conversation(taskTools(['buy oat bread', 'buy oat milk']))
    expect(await says('I have finished oat milk')).toEqual({
      text: 'Done: **buy oat milk**.',
      calls: [['list_tasks'], ['complete_task']],
    })
    expect(tasks.map((task) => task.completed)).toEqual([false, true])
  })

  test('asks which one is meant, and says what it does not find', async () => {
    const { says, tasks } = conversation(taskTools(['buy oat bread', 'buy oat milk']))
    expect((await says('Complete buy oat')).text).toBe(
      'Which one do you mean by **buy oat**?\n\n- buy oat milk\n- buy oat bread',
    )
    expect((await says('Complete pay rent')).text).toBe('I found no open task like **pay rent**.')
    expect(tasks.some((task) => task.completed)).toBe(false)
  })

  test('opens the tasks page where the page offers to, last of all; elsewhere it says where that is', async () => {
    const { tasks, work } = taskTools()
    const opens = conversation({ tasks, work: { ...work, open_tasks_page: () => ({ opened: true }) } })
    expect(await opens.says('Add milk and open my tasks page')).toEqual({
      text: 'Added **milk**.\n\nHere are your tasks.',
      calls: [['add_task'], ['open_tasks_page']],
    })
    const { says } = conversation(taskTools())
    expect(await says('Open my tasks page')).toEqual({
      text: 'I cannot open pages from here. Your tasks are on your dashboard.',
      calls: [],
    })
  })

  test('knows what "it" is', async () => {
    const { says, tasks } = conversation(taskTools(['pay rent']))
    await says('Add water the plants')
    expect((await says('Mark it as done')).calls).toEqual([['complete_task']])
    expect(tasks.map((task) => task.completed)).toEqual([false, true])
  })

  test('renames, moves, opens again and notes', async () => {
    const { says, tasks } = conversation(taskTools(['pay rent']))
    await says("Rename 'pay rent' to 'pay the rent', then move it to Monday")
    await says('Complete pay the rent')
    await says('Reopen pay the rent')
    await says('Add a note to pay the rent: new account')
    expect(tasks[0]).toMatchObject({
      title: 'pay the rent',
      due_on: '2026-11-30',
      completed: false,
      notes: 'new account',
    })
  })

  test('completes all, eight at a time', async () => {
    const { says, tasks } = conversation(taskTools(Array.from({ length: 10 }, (_, at) => `task ${at}`)))
    const { text, calls } = await says('Complete all tasks')
    expect(calls.map((turn) => turn.length)).toEqual([1, 8, 2])
    expect(text).toBe('Completed 10 tasks.')
    expect(tasks.every((task) => task.completed)).toBe(true)
  })

  test('says where to delete when no tool is offered for it', async () => {
    const { text, calls } = await conversation(taskTools(['pay rent'])).says('Delete pay rent')
    expect(calls).toEqual([])
    expect(text).toMatch(/cannot delete.*dashboard.*\*\*pay rent\*\*/)
  })

  test('tells what a tool that failed said', async () => {
    const { work } = taskTools()
    const { text } = await conversation({ tasks: [], work: { ...work, add_task: () => 'title: is too *long*' } }).says(
      'Add x',
    )
    expect(text).toBe('That did not work for **x**: title: is too \\*long\\*')
  })

  test('says what the tool did, should the person have approved something else', async () => {
    const { tasks, work } = taskTools(['buy oat milk', 'pay rent'])
    const { says } = conversation({
      tasks,
      work: { ...work, delete_task: () => ({ deleted: tasks[1] }), complete_task: () => ({ task: tasks[1] }) },
    })
    expect((await says('Delete the task buy oat milk')).text).toBe('Deleted **pay rent**.')
    expect((await says('Complete buy oat milk')).text).toBe('Done: **pay rent**.')
  })

  test('says "you" to the person who did not allow a call', async () => {
    const { work } = taskTools(['pay rent'])
    const denied = () => 'The person did not allow this call. They said: not yet'
    const { says } = conversation({ tasks: [], work: { ...work, delete_task: denied } })
    expect((await says('Delete pay rent')).text).toBe(
      'That did not work for **pay rent**: You did not allow this call. You said: not yet',
    )
  })

  test('answers the words when files came along, and says that it cannot read them', async () => {
    const { says, tasks } = conversation(taskTools())
    const files = ['image/png', 'application/pdf'].map((mediaType) => ({ name: 'a', mediaType, base64: 'AAAA' }))
    expect((await says('Add pay rent', files)).text).toMatch(
      /^Added \*\*pay rent\*\*\.\n\nI cannot read pictures, PDFs/,
    )
    expect((await says('Thanks')).text, 'and goes on').toBe('You are welcome.')
    const withText = 'Add milk\n\n[File "a.txt" (text/plain):]\nAdd honey.\n[End of the file]'
    expect((await says(withText)).text).toMatch(/^Added \*\*milk\*\*\.\n\nI cannot read/)
    expect(tasks.map((task) => task.title)).toEqual(['pay rent', 'milk'])
    expect((await says('', files)).text).toContain('I cannot read pictures, PDFs')
  })

  test('has no tools: says so', async () => {
    expect((await conversation({ tasks: [], work: {} }).says('Add x')).text).toBe(
      'I have no tool here with which I could add tasks.',
    )
  })

  test.each(['Hello', 'help', 'What is the capital of France?', '', '…'])(
    'to "%s" it says that no model is connected',
    async (message) => {
      expect((await conversation(taskTools()).says(message || '?')).text).toContain(
        'No language model is connected here',
      )
    },
  )

  test.each(['Hello', 'How do I connect a model?'])('to "%s" it says how to connect one', async (message) => {
    expect((await conversation(taskTools()).says(message)).text).toMatch(
      /OPENAI_API_KEY[\s\S]*OPENAI_BASE_URL[\s\S]*Ollama/,
    )
  })

  test('a title that is markup stays text', async () => {
    const { text } = await conversation(taskTools(['<img src=x> [a](javascript:1)'])).says('my tasks')
    expect(text).toContain('- \\<img src=x\\> \\[a\\](javascript:1)')
  })

  test.each([
    ["Add 'buy oat milk' for Friday, then show my open tasks", 'Add buy oat milk for Friday'],
    ['hello', 'Hello'],
    ['what is the meaning of all this in the end?', 'What is the meaning of all'],
    ['🙂'.repeat(100), '🙂'.repeat(60)],
  ])('gives a title to %s', async (text, title) => {
    const events = await ask([{ role: 'user', text }], [], 'Write a title of two to six words.')
    expect(events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('')).toBe(title)
  })

  test('speaks word by word, tells what it used, and stops when told to', async () => {
    const events = await ask([{ role: 'user', text: 'What day is it?' }], [])
    expect(events.map((event) => (event.type === 'text' ? event.text : 'end'))).toEqual([
      'Today ',
      'is ',
      'Wednesday ',
      '25 ',
      'November.',
      'end',
    ])
    expect(events.at(-1)).toMatchObject({ reason: 'stop', usage: { inputTokens: expect.any(Number) } })

    const slow = createModel(
      { key: undefined, baseUrl: undefined, api: 'responses', names: ['offline'], wordMilliseconds: 60_000 },
      standardLimits,
    )
    const stop = new AbortController()
    const history: HistoryEntry[] = [{ role: 'user', text: 'Hello' }]
    const answer = slow.ask({ model: 'offline', instructions, history, tools: [] }, stop.signal).next()
    setImmediate(() => stop.abort(new Error('stopped')))
    await expect(answer).rejects.toThrow('stopped')
  })

  test('is what the model is called', () => {
    expect(model).toMatchObject({ offline: true, names: ['offline'] })
  })
})
