import { z } from 'zod'
import type { WidgetComponent, WidgetRoot } from './protocol.ts'
import { argumentLines, code, questionOf, type UsedTool, waits } from './tool-task.ts'
import type { ChatkitWords } from './words.ts'

/** A widget, and what is copied of it as text. */
export type Shown = { widget: WidgetRoot; copy_text: string }

/** The actions that our widgets send back. */
export const approve = 'tool.approve'
export const deny = 'tool.deny'

/** What a call shows besides its task: a question to the person, or the tasks that were found. Null when nothing. */
export function widgetOf(call: UsedTool, publicCallId: string, words: ChatkitWords): Shown | null {
  if (waits(call)) return question(call, publicCallId, words)
  if (call.decision) return decided(call, words)
  return call.server === 'tasks' && call.name === 'list_tasks' && call.status === 'SUCCEEDED'
    ? taskList(call, words)
    : null
}

function question(call: UsedTool, callId: string, words: ChatkitWords): Shown {
  const payload = { call_id: callId }
  const buttons: WidgetComponent = {
    type: 'Row',
    gap: 2,
    children: [
      {
        ...{ type: 'Button', label: words.approve, style: 'primary' },
        onClickAction: { type: approve, payload, loadingBehavior: 'container' },
      },
      { type: 'Button', label: words.deny, onClickAction: { type: deny, payload, loadingBehavior: 'container' } },
    ],
  }
  return card(call, { text: words.waiting, icon: 'info' }, [buttons], words)
}

/** The buttons are gone, and the decision is written in. */
function decided(call: UsedTool, words: ChatkitWords): Shown {
  if (call.decision === 'APPROVE') return card(call, { text: words.approved, icon: 'check' }, [], words)
  const why: WidgetComponent[] = call.denialReason
    ? [{ type: 'Markdown', value: words.youSaid(code(call.denialReason)) }]
    : []
  return card(call, { text: words.denied, icon: 'info' }, why, words)
}

function card(
  call: UsedTool,
  status: { text: string; icon: 'check' | 'info' },
  rest: WidgetComponent[],
  words: ChatkitWords,
): Shown {
  const title = questionOf(call, words)
  const details = argumentLines(call, words)
  const children: WidgetComponent[] = [
    { type: 'Title', value: title, size: 'sm' },
    ...(details ? [{ type: 'Markdown' as const, value: details }] : []),
    ...rest,
  ]
  return { widget: { type: 'Card', size: 'sm', status, children }, copy_text: `${title} ${status.text}.` }
}

/** As the tool told it then; what is in another form is not shown. */
const foundTasks = z.object({
  tasks: z.array(z.object({ title: z.string(), due_on: z.string().nullable(), completed: z.boolean() })).min(1),
  more: z.boolean(),
})

const shownTasks = 50

function taskList({ result }: UsedTool, words: ChatkitWords): Shown | null {
  const { data: found } = foundTasks.safeParse(result)
  if (!found) return null
  const tasks = found.tasks.slice(0, shownTasks)
  const more = found.more || tasks.length < found.tasks.length
  return {
    widget: {
      type: 'ListView',
      limit: 'auto',
      status: { text: words.tasks(tasks.length, more), icon: 'notebook' },
      children: tasks.map((task) => ({ type: 'ListViewItem', gap: 2, children: taskRow(task) })),
    },
    copy_text: tasks.map(({ title, completed }) => `- [${completed ? 'x' : ' '}] ${title}`).join('\n'),
  }
}

function taskRow(task: z.output<typeof foundTasks>['tasks'][number]): WidgetComponent[] {
  return [
    { type: 'Icon', name: task.completed ? 'check-circle' : 'empty-circle', size: 'sm' },
    { type: 'Text', value: task.title, ...(task.completed && { lineThrough: true }) },
    ...(task.due_on ? [{ type: 'Badge' as const, label: task.due_on, color: 'secondary' as const }] : []),
  ]
}
