import type { ToolCall } from '../runs/tool-call.entity.ts'
import { isPageTool } from '../tools/page-tools.ts'
import type { CustomTask, Icon } from './protocol.ts'

/** What is shown of a tool call. */
export type UsedTool = Pick<
  ToolCall,
  | 'id'
  | 'name'
  | 'server'
  | 'title'
  | 'argumentsText'
  | 'status'
  | 'result'
  | 'resultText'
  | 'decision'
  | 'denialReason'
  | 'error'
  | 'progress'
>

/** A tool call as a task of a workflow. ChatKit has no sign for failure, so the title says it in words. */
export function toolTask(call: UsedTool): CustomTask {
  const icon = icons[call.status]
  const content = [argumentLines(call.argumentsText), outcome(call)].filter(Boolean).join('\n\n')
  return {
    type: 'custom',
    status_indicator: isAtWork(call) ? 'loading' : waits(call) ? 'none' : 'complete',
    title: titleOf(call),
    ...(icon && { icon }),
    ...(content && { content }),
  }
}

/** All calls of a turn in a few words, once none is at work. */
export function workflowSummary(calls: readonly UsedTool[]): { title: string; icon: Icon } {
  if (calls.some(waits)) return { title: 'Waiting for you', icon: 'info' }
  const failed = calls.filter((call) => call.status !== 'SUCCEEDED').length
  const [only] = calls
  if (only && calls.length === 1) return { title: titleOf(only), icon: icons[only.status] ?? 'check' }
  const title = `Used tools ${calls.length} times`
  return failed > 0 ? { title: `${title}, ${failed} without success`, icon: 'info' } : { title, icon: 'check' }
}

/** One that waits for the page is not: the run has ended. */
export function isAtWork(call: Pick<UsedTool, 'status' | 'server'>): boolean {
  return call.status === 'RUNNING' || (call.status === 'PENDING' && !isPageTool(call))
}

/** A person is asked; nothing is at work meanwhile. */
export function waits({ status }: Pick<UsedTool, 'status'>): boolean {
  return status === 'AWAITING_APPROVAL'
}

/** The tools that everyone has: what is being done, what was, and what a person is asked. */
const builtIn: Record<string, [string, string, string]> = {
  add_task: ['Adding a task', 'Added a task', 'Add a task?'],
  list_tasks: ['Looking at your tasks', 'Looked at your tasks', 'Look at your tasks?'],
  update_task: ['Changing a task', 'Changed a task', 'Change a task?'],
  complete_task: ['Completing a task', 'Completed a task', 'Complete a task?'],
  delete_task: ['Deleting a task', 'Deleted a task', 'Delete a task?'],
}

const icons: Partial<Record<UsedTool['status'], Icon>> = {
  FAILED: 'info',
  DENIED: 'info',
  CANCELLED: 'info',
  OUTCOME_UNKNOWN: 'circle-question',
}

function wordsFor(call: UsedTool): [doing: string, done: string, question: string] {
  const named = call.title ?? call.name.replaceAll('_', ' ')
  const words = call.server === 'tasks' && builtIn[call.name]
  return words || [`Using “${named}”`, `Used “${named}”`, `Use “${named}”?`]
}

/** What a person is asked before the call is made. */
export const questionOf = (call: UsedTool) => wordsFor(call)[2]

/** What is being done. */
export const workOf = (call: UsedTool) => wordsFor(call)[0]

function titleOf(call: UsedTool): string {
  const [doing, done] = wordsFor(call)
  switch (call.status) {
    case 'PENDING':
    case 'RUNNING':
      return doing
    case 'AWAITING_APPROVAL':
      return `${doing} waits for you`
    case 'SUCCEEDED':
      return done
    case 'FAILED':
      return `${doing} did not work`
    case 'DENIED':
      return `${doing} was declined`
    case 'CANCELLED':
      return `${doing} was stopped`
    case 'OUTCOME_UNKNOWN':
      return `${doing} was cut off`
    default:
      return call.status satisfies never
  }
}

function outcome(call: UsedTool): string {
  switch (call.status) {
    case 'PENDING':
    case 'AWAITING_APPROVAL':
    case 'RUNNING':
      return call.progress?.message ? code(call.progress.message) : ''
    case 'SUCCEEDED':
      return call.resultText ? block(call.resultText) : ''
    case 'FAILED':
      return `It did not work: ${code(call.error?.message || 'the tool gave no reason')}`
    case 'DENIED':
      return call.denialReason ? `It was declined: ${code(call.denialReason)}` : 'It was declined.'
    case 'CANCELLED':
      return 'It was stopped before it ended.'
    case 'OUTCOME_UNKNOWN':
      return 'The server stopped while this was at work: whether it took effect is not known.'
    default:
      return call.status satisfies never
  }
}

const shownArguments = 8

/** The arguments as a Markdown list; empty when there are none. */
export function argumentLines(text: string): string {
  const entries = Object.entries(parseObject(text) ?? (text.trim() ? { arguments: text } : {}))
  const lines = entries.slice(0, shownArguments).map(([name, value]) => {
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    return `- ${name.replace(/[^\w -]/g, '').slice(0, 60)}: ${code(shown)}`
  })
  return [...lines, ...(entries.length > shownArguments ? ['- …'] : [])].join('\n')
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

// Words of models and tools are shown as code: no link, image or heading of theirs comes to life.

/** In one line of code. */
export function code(text: string): string {
  const line = short(text.replace(/\s+/g, ' ').trim(), 200)
  const fence = '`'.repeat(longestRun(line) + 1)
  return line.includes('`') ? `${fence} ${line} ${fence}` : `${fence}${line || ' '}${fence}`
}

function block(text: string): string {
  const lines = short(text.trim(), 600)
  const fence = '`'.repeat(Math.max(3, longestRun(lines) + 1))
  return `${fence}\n${lines}\n${fence}`
}

function short(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
