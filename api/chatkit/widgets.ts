import { z } from 'zod'
import type { WidgetComponent, WidgetRoot } from './protocol.ts'
import { argumentLines, code, questionOf, type UsedTool, waits } from './tool-task.ts'

/** A widget, and what is copied of it as text. */
export type Shown = { widget: WidgetRoot; copy_text: string }

/** The actions that our widgets send back. */
export const approve = 'tool.approve'
export const deny = 'tool.deny'

/** What a call shows besides its task: a question to the person, or the tasks that were found. Null when nothing. */
export function widgetOf(call: UsedTool, publicCallId: string): Shown | null {
  if (waits(call)) return question(call, publicCallId)
  if (call.decision) return decided(call)
  return call.server === 'tasks' && call.name === 'list_tasks' && call.status === 'SUCCEEDED' ? taskList(call) : null
}

function question(call: UsedTool, callId: string): Shown {
  const payload = { call_id: callId }
  const buttons: WidgetComponent = {
    type: 'Row',
    gap: 2,
    children: [
      {
        ...{ type: 'Button', label: 'Approve', style: 'primary' },
        onClickAction: { type: approve, payload, loadingBehavior: 'container' },
      },
      { type: 'Button', label: 'Deny', onClickAction: { type: deny, payload, loadingBehavior: 'container' } },
    ],
  }
  return card(call, { text: 'Waiting for you', icon: 'info' }, [buttons])
}

/** The buttons are gone, and the decision is written in. */
function decided(call: UsedTool): Shown {
  if (call.decision === 'APPROVE') return card(call, { text: 'Approved', icon: 'check' }, [])
  const why: WidgetComponent[] = call.denialReason
    ? [{ type: 'Markdown', value: `You said: ${code(call.denialReason)}` }]
    : []
  return card(call, { text: 'Denied', icon: 'info' }, why)
}

function card(call: UsedTool, status: { text: string; icon: 'check' | 'info' }, rest: WidgetComponent[]): Shown {
  const title = questionOf(call)
  const details = argumentLines(call)
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

function taskList({ result }: UsedTool): Shown | null {
  const { data: found } = foundTasks.safeParse(result)
  if (!found) return null
  const tasks = found.tasks.slice(0, shownTasks)
  const more = found.more || tasks.length < found.tasks.length
  const count = `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`
  return {
    widget: {
      type: 'ListView',
      limit: 'auto',
      status: { text: more ? `The first ${count}` : count, icon: 'notebook' },
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
