import type { Call, Conversation, Result } from './conversation.ts'
import { type Day, plus, spokenDay } from './days.ts'
import { type Task, Task as TaskShape, tasksNamed } from './matching.ts'
import { type DueFilter, type Wish, wishesIn } from './wishes.ts'
import * as words from './words.ts'

/** What the offline assistant does next: it calls tools, or it says something and is done. */
export type Next = { calls: Call[] } | { text: string }

/** A piece of work: yields the calls of a turn, is given their results, and ends with what there is to say. */
type Work = Generator<Call[], string, Result[]>

/** `before` grows with the results of the work. */
type Means = { today: Day; tools: ReadonlySet<string>; before: Result[] }

/** So many calls in one turn at most. */
const callsAtOnce = 8

/** The next step of an answer. The steps so far are played again with the results that they had. */
export function nextStep(conversation: Conversation): Next {
  const { instructions, question, files, tools, isFirst } = conversation
  if (instructions.startsWith('Write a title')) return { text: words.title(question) }
  const today = todayIn(instructions)
  const before = [...conversation.before]
  const work = answer(wishesIn(question, today), { today, tools, before }, isFirst)
  let step = work.next()
  for (const results of conversation.sofar) {
    before.push(...results)
    if (!step.done) step = work.next(results)
  }
  if (!step.done) return { calls: step.value }
  return { text: files ? `${step.value}\n\n${words.cannotReadFiles}` : step.value }
}

/** The day that the instructions name; UTC's, should they name none. */
function todayIn(instructions: string): Day {
  return /^Today is (\d{4}-\d{2}-\d{2})\b/m.exec(instructions)?.[1] ?? new Date().toISOString().slice(0, 10)
}

function* answer(wishes: readonly Wish[], means: Means, isFirst: boolean): Work {
  const useful = wishes.filter((wish) => !['greet', 'thank'].includes(wish.kind))
  const said: string[] = []
  for (const wish of useful.length > 0 ? together(useful) : wishes.slice(0, 1))
    said.push(yield* fulfil(wish, means, isFirst))
  return said.length > 0 ? said.join('\n\n') : words.unclear('')
}

/** Neighbours of one kind become one, so that many of them take few turns. */
function together(wishes: readonly Wish[]): Wish[] {
  const merged: Wish[] = []
  for (const wish of wishes) {
    const last = merged.at(-1)
    if (last?.kind === 'add' && wish.kind === 'add')
      merged[merged.length - 1] = { kind: 'add', tasks: last.tasks.concat(wish.tasks) }
    else if (last?.kind === 'complete' && wish.kind === 'complete')
      merged[merged.length - 1] = { kind: 'complete', names: last.names.concat(wish.names) }
    else merged.push(wish)
  }
  return merged
}

function* fulfil(wish: Wish, means: Means, isFirst: boolean): Work {
  switch (wish.kind) {
    case 'add':
      return yield* add(wish.tasks, means)
    case 'list':
      return yield* list(wish, means)
    case 'complete':
      return yield* complete(wish.names, means)
    case 'complete-all':
      return yield* completeAll(means)
    case 'reopen':
      return yield* change(wish.name, { completed: false }, 'done', means, (now) => words.reopened(now.title))
    case 'rename':
      return yield* change(wish.name, { title: wish.title }, 'all', means, (now, before) =>
        words.renamed(before.title, now.title),
      )
    case 'reschedule':
      return yield* change(wish.name, { due_on: wish.due }, 'open', means, (now) =>
        words.rescheduled(now.title, now.due_on ? spokenDay(now.due_on, means.today) : null),
      )
    case 'note':
      return yield* change(wish.name, { notes: wish.notes }, 'all', means, (now) => words.noted(now.title))
    case 'delete':
      return yield* remove(wish.name, means)
    case 'go-to-tasks':
      return yield* goToTasks(means)
    case 'greet':
      return isFirst ? words.welcome : words.greeting
    case 'thank':
      return words.youAreWelcome
    case 'help':
      return words.help
    case 'connect':
      return words.connect
    case 'today':
      return words.today(spokenDate(means.today))
    case 'unclear':
      return words.unclear(wish.text)
  }
}

function* add(tasks: readonly { title: string; due: Day | null }[], { tools, today }: Means): Work {
  if (!tools.has('add_task')) return words.noTool('add tasks')
  const calls = tasks.map(({ title, due }) => ({
    name: 'add_task',
    arguments: due ? { title, due_on: due } : { title },
  }))
  const results = yield* inTurns(calls)
  return results
    .map((result, at) => {
      const { title = '', due = null } = tasks[at] ?? {}
      if (!result.ok) return words.failed(title, result.message)
      const now = taskIn(result) ?? { title, due_on: due }
      return words.added(now.title, now.due_on ? spokenDay(now.due_on, today) : null)
    })
    .join('\n\n')
}

function* list(
  { status, due }: { status: 'open' | 'done' | 'all'; due: DueFilter | null },
  { tools, today }: Means,
): Work {
  if (!tools.has('list_tasks')) return words.noTool('see your tasks')
  const [result] = yield [{ name: 'list_tasks', arguments: { status } }]
  const { tasks, problem } = tasksIn(result)
  if (problem) return words.failed('your tasks', problem)
  const wanted = due ? tasks.filter((task) => isDue(task, due)) : tasks
  const lines = wanted.toSorted(byDay).map((task) => words.taskLine(task, task.due_on ? dayOf(task, today) : null))
  return words.taskList(lines, {
    status,
    due: due?.words ?? '',
    more: result?.ok === true && result.value.more === true,
  })
}

function* complete(names: readonly string[], means: Means): Work {
  if (!means.tools.has('complete_task')) return words.noTool('complete tasks')
  const { found, said } = yield* find(names, 'open', means)
  const results = yield* inTurns(found.map((task) => ({ name: 'complete_task', arguments: { task_id: task.id } })))
  const done = results.map((result, at) => {
    const title = found[at]?.title ?? ''
    return result.ok ? words.completed(taskIn(result)?.title ?? title) : words.failed(title, result.message)
  })
  return [...done, ...said].join('\n\n')
}

function* completeAll({ tools }: Means): Work {
  if (!tools.has('complete_task') || !tools.has('list_tasks')) return words.noTool('complete tasks')
  const [result] = yield [{ name: 'list_tasks', arguments: { status: 'open' } }]
  const { tasks, problem } = tasksIn(result)
  if (problem) return words.failed('your tasks', problem)
  const results = yield* inTurns(tasks.map((task) => ({ name: 'complete_task', arguments: { task_id: task.id } })))
  const failures = results.filter((it) => !it.ok).length
  return words.completedAll(results.length - failures, failures)
}

function* change(
  name: string,
  change: Record<string, unknown>,
  status: 'open' | 'done' | 'all',
  means: Means,
  told: (now: Task, before: Task) => string,
): Work {
  if (!means.tools.has('update_task')) return words.noTool('change tasks')
  const { found, said } = yield* find([name], status, means)
  const [task] = found
  if (!task) return said.join('\n\n')
  const [result] = yield [{ name: 'update_task', arguments: { task_id: task.id, ...change } }]
  if (!result?.ok) return words.failed(task.title, result?.message ?? '')
  const now = taskIn(result) ?? { ...task, ...change }
  // With other arguments it may have become another task.
  return told(now, now.id === task.id ? task : now)
}

function* remove(name: string, means: Means): Work {
  if (!means.tools.has('delete_task')) return words.cannotDelete(name)
  const { found, said } = yield* find([name], 'all', means)
  const [task] = found
  if (!task) return said.join('\n\n')
  const [result] = yield [{ name: 'delete_task', arguments: { task_id: task.id } }]
  return result?.ok ? words.deleted((taskIn(result) ?? task).title) : words.failed(task.title, result?.message ?? '')
}

/** The page opens itself: it is asked by a tool of its own, where it has one. */
function* goToTasks({ tools }: Means): Work {
  if (!tools.has('open_tasks_page')) return words.cannotOpen
  const [result] = yield [{ name: 'open_tasks_page', arguments: {} }]
  return result?.ok ? words.opened : words.failed('your tasks page', result?.message ?? '')
}

/** Finds tasks by their names. `said` tells of those that are not there or not clear. */
function* find(
  names: readonly string[],
  status: 'open' | 'done' | 'all',
  { tools, before }: Means,
): Generator<Call[], { found: Task[]; said: string[] }, Result[]> {
  const found: Task[] = []
  const said: string[] = []
  const last = lastTask(before)
  if (last && names.every((name) => isPronoun(name))) return { found: [last], said }
  if (!tools.has('list_tasks')) return { found, said: [words.noTool('see your tasks')] }
  const [result] = yield [{ name: 'list_tasks', arguments: { status } }]
  const { tasks, problem } = tasksIn(result)
  if (problem) return { found, said: [words.failed('your tasks', problem)] }
  for (const name of names) {
    const meant = tasksNamed(name, tasks)
    const [task] = meant
    if (task && meant.length === 1) found.push(task)
    else
      said.push(
        task
          ? words.whichOne(
              name,
              meant.map((it) => it.title),
            )
          : words.notFound(name, status),
      )
  }
  return { found, said }
}

function* inTurns(calls: readonly Call[]): Generator<Call[], Result[], Result[]> {
  const results: Result[] = []
  for (let at = 0; at < calls.length; at += callsAtOnce) results.push(...(yield calls.slice(at, at + callsAtOnce)))
  return results
}

function tasksIn(result: Result | undefined): { tasks: Task[]; problem: string } {
  if (!result?.ok) return { tasks: [], problem: result?.message ?? 'it gave no result' }
  const { success, data } = TaskShape.array().safeParse(result.value.tasks)
  return success ? { tasks: data, problem: '' } : { tasks: [], problem: 'the list could not be read' }
}

/** What a call was about in the end: a person may have approved it with other arguments. */
function taskIn(result: Result): Task | undefined {
  return result.ok ? TaskShape.safeParse(result.value.task ?? result.value.deleted).data : undefined
}

/** The task that was spoken of last, so that "it" means something. */
function lastTask(before: readonly Result[]): Task | undefined {
  for (const result of before.toReversed()) {
    const { data } = TaskShape.safeParse(result.ok ? result.value.task : undefined)
    if (data) return data
  }
}

function isPronoun(name: string): boolean {
  return /^(?:it|that|this|that one|this one)$/i.test(name)
}

function isDue({ due_on }: Task, { from, to }: DueFilter): boolean {
  return due_on != null && due_on <= to && (from === null || due_on >= from)
}

function dayOf(task: Task, today: Day): string {
  const day = spokenDay(task.due_on ?? today, today)
  return !task.completed && (task.due_on ?? today) < today ? `${day}, overdue` : day
}

function byDay(one: Task, other: Task): number {
  return (one.due_on ?? '9999').localeCompare(other.due_on ?? '9999')
}

function spokenDate(today: Day): string {
  // Two days ago is neither today nor tomorrow, so that the day is spelled out.
  return spokenDay(today, plus(today, { days: -2 }))
}
