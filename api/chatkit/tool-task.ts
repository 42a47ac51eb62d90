import type { ToolCall } from '../runs/tool-call.entity.ts'
import { isPageTool } from '../tools/page-tools.ts'
import { readableArguments } from '../tools/tool-arguments.ts'
import type { CustomTask, Icon } from './protocol.ts'

/** What is shown of a tool call. */
export type UsedTool = Pick<
  ToolCall,
  | 'id'
  | 'name'
  | 'server'
  | 'title'
  | 'argumentsText'
  | 'subject'
  | 'status'
  | 'result'
  | 'resultText'
  | 'resultParts'
  | 'decision'
  | 'denialReason'
  | 'error'
  | 'progress'
>

/** A tool call as a task of a workflow. ChatKit has no sign for failure, so the title says it in words. */
export function toolTask(call: UsedTool): CustomTask {
  const icon = icons[call.status]
  const content = [argumentLines(call), outcome(call)].filter(Boolean).join('\n\n')
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

type Words = [doing: string, done: string, question: string]

/** The tools that everyone has: what is being done, what was, and what a person is asked. `it` is what it is done to. */
const builtIn: Record<string, { it?: [unnamed: string, named: string]; words(it: string): Words }> = {
  add_task: { words: () => ['Adding a task', 'Added a task', 'Add a task?'] },
  list_tasks: { words: () => ['Looking at your tasks', 'Looked at your tasks', 'Look at your tasks?'] },
  update_task: {
    it: ['a task', 'the task'],
    words: (it) => [`Changing ${it}`, `Changed ${it}`, `Change ${it}?`],
  },
  complete_task: {
    it: ['a task', 'the task'],
    words: (it) => [`Completing ${it}`, `Completed ${it}`, `Complete ${it}?`],
  },
  delete_task: {
    it: ['a task', 'the task'],
    words: (it) => [`Deleting ${it}`, `Deleted ${it}`, `Delete ${it}?`],
  },
  search_conversations: {
    words: () => ['Searching your conversations', 'Searched your conversations', 'Search your conversations?'],
  },
  read_conversation: {
    it: ['an earlier conversation', 'the conversation'],
    words: (it) => [`Reading ${it}`, `Read ${it}`, `Read ${it}?`],
  },
}

const builtInServers: readonly string[] = ['tasks', 'conversations']

const icons: Partial<Record<UsedTool['status'], Icon>> = {
  FAILED: 'info',
  DENIED: 'info',
  CANCELLED: 'info',
  OUTCOME_UNKNOWN: 'circle-question',
}

function wordsFor(call: UsedTool): Words {
  const known = builtInServers.includes(call.server) ? builtIn[call.name] : undefined
  if (known) {
    const [unnamed, named] = known.it ?? ['', '']
    return known.words(call.subject ? `${named} “${asName(call.subject)}”` : unnamed)
  }
  const named = asName(call.title ?? call.name.replaceAll('_', ' '))
  return [`Using “${named}”`, `Used “${named}”`, `Use “${named}”?`]
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
      return resultInWords(call)
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

/** The text, and what came with it: a picture or a file is named, an address is text. */
function resultInWords({ resultText, resultParts }: UsedTool): string {
  const parts = (resultParts ?? []).map(({ kind, title, uri, mimeType }) => {
    const of = [title, uri, mimeType].filter((it) => it !== null).map(code)
    return `- ${partNames[kind]}${of.length > 0 ? `: ${of.join(', ')}` : ''}`
  })
  // A text that only names the parts says it for the model.
  const isNamesOnly = parts.length > 0 && resultText?.split('\n').every((line) => /^\[.*\]$/.test(line))
  return [resultText && !isNamesOnly ? block(resultText) : '', parts.join('\n')].filter(Boolean).join('\n\n')
}

const partNames = { IMAGE: 'A picture', AUDIO: 'A sound', LINK: 'A link', FILE: 'A file' } as const

const shownArguments = 8

/** An id of ours, which says nothing to a person when there is a name for what it stands for. */
const ourIds = ['task_id', 'conversation_id']

/** The arguments as a Markdown list; empty when there are none. */
export function argumentLines({ argumentsText: text, subject }: Pick<UsedTool, 'argumentsText' | 'subject'>): string {
  const entries = Object.entries(parseObject(text) ?? (text.trim() ? { arguments: text } : {})).filter(
    ([name]) => !subject || !ourIds.includes(name),
  )
  const lines = entries.slice(0, shownArguments).map(([name, value]) => {
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    return `- ${name.replace(/[^\w -]/g, '').slice(0, 60)}: ${code(shown)}`
  })
  return [...lines, ...(entries.length > shownArguments ? ['- …'] : [])].join('\n')
}

function parseObject(text: string): object | null {
  const value = readableArguments(text)
  return typeof value === 'object' ? value : null
}

// Words of models and tools are shown as code: no link, image or heading of theirs comes to life.

/** In a heading, which has no code: without what makes a picture or a link. */
const asName = (text: string) => short(oneLine(text), 80).replaceAll('](', '] (')

/** In one line of code. */
export function code(text: string): string {
  const line = short(oneLine(text), 200)
  const fence = '`'.repeat(longestRun(line) + 1)
  return line.includes('`') ? `${fence} ${line} ${fence}` : `${fence}${line || ' '}${fence}`
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim()

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
