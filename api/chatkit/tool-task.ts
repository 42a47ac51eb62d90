import type { ToolCall } from '../runs/tool-call.entity.ts'
import { isPageTool } from '../tools/page-tools.ts'
import { readableArguments } from '../tools/tool-arguments.ts'
import type { CustomTask, Icon } from './protocol.ts'
import { builtInPhrases, type ChatkitWords, type Phrases } from './words.ts'

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
export function toolTask(call: UsedTool, words: ChatkitWords): CustomTask {
  const icon = icons[call.status]
  const content = [argumentLines(call, words), outcome(call, words)].filter(Boolean).join('\n\n')
  return {
    type: 'custom',
    status_indicator: isAtWork(call) ? 'loading' : waits(call) ? 'none' : 'complete',
    title: titleOf(call, words),
    ...(icon && { icon }),
    ...(content && { content }),
  }
}

/** All calls of a turn in a few words, once none is at work. */
export function workflowSummary(calls: readonly UsedTool[], words: ChatkitWords): { title: string; icon: Icon } {
  if (calls.some(waits)) return { title: words.waiting, icon: 'info' }
  const failed = calls.filter((call) => call.status !== 'SUCCEEDED').length
  const [only] = calls
  if (only && calls.length === 1) return { title: titleOf(only, words), icon: icons[only.status] ?? 'check' }
  return { title: words.usedTools(calls.length, failed), icon: failed > 0 ? 'info' : 'check' }
}

/** One that waits for the page is not: the run has ended. */
export function isAtWork(call: Pick<UsedTool, 'status' | 'server'>): boolean {
  return call.status === 'RUNNING' || (call.status === 'PENDING' && !isPageTool(call))
}

/** A person is asked; nothing is at work meanwhile. */
export function waits({ status }: Pick<UsedTool, 'status'>): boolean {
  return status === 'AWAITING_APPROVAL'
}

const builtInServers: readonly string[] = ['tasks', 'conversations']

const icons: Partial<Record<UsedTool['status'], Icon>> = {
  FAILED: 'info',
  DENIED: 'info',
  CANCELLED: 'info',
  OUTCOME_UNKNOWN: 'circle-question',
}

function phrasesFor({ server, name, title, subject }: UsedTool, words: ChatkitWords): Phrases {
  const about = subject ? asName(subject) : null
  const known = builtInServers.includes(server) ? builtInPhrases(words, name, about) : null
  return known ?? words.otherTool(asName(title ?? name.replaceAll('_', ' ')))
}

/** What a person is asked before the call is made. */
export const questionOf = (call: UsedTool, words: ChatkitWords) => phrasesFor(call, words)[2]

/** What is being done. */
export const workOf = (call: UsedTool, words: ChatkitWords) => phrasesFor(call, words)[0]

function titleOf(call: UsedTool, words: ChatkitWords): string {
  const [doing, done] = phrasesFor(call, words)
  switch (call.status) {
    case 'PENDING':
    case 'RUNNING':
      return doing
    case 'AWAITING_APPROVAL':
      return words.waitsForYou(doing)
    case 'SUCCEEDED':
      return done
    case 'FAILED':
      return words.failed(doing)
    case 'DENIED':
      return words.declined(doing)
    case 'CANCELLED':
      return words.stopped(doing)
    case 'OUTCOME_UNKNOWN':
      return words.cutOff(doing)
    default:
      return call.status satisfies never
  }
}

function outcome(call: UsedTool, words: ChatkitWords): string {
  switch (call.status) {
    case 'PENDING':
    case 'AWAITING_APPROVAL':
    case 'RUNNING':
      return call.progress?.message ? code(call.progress.message) : ''
    case 'SUCCEEDED':
      return resultInWords(call, words)
    case 'FAILED':
      return words.didNotWork(code(call.error?.message || words.noReason))
    case 'DENIED':
      return words.wasDeclined(call.denialReason ? code(call.denialReason) : null)
    case 'CANCELLED':
      return words.wasStopped
    case 'OUTCOME_UNKNOWN':
      return words.wasCutOff
    default:
      return call.status satisfies never
  }
}

/** The text, and what came with it: a picture or a file is named, an address is text. */
function resultInWords({ resultText, resultParts }: UsedTool, words: ChatkitWords): string {
  const parts = (resultParts ?? []).map(({ kind, title, uri, mimeType }) => {
    const of = [title, uri, mimeType].filter((it) => it !== null).map(code)
    return `- ${words.parts[kind]}${of.length > 0 ? `: ${of.join(', ')}` : ''}`
  })
  // A text that only names the parts says it for the model.
  const isNamesOnly = parts.length > 0 && resultText?.split('\n').every((line) => /^\[.*\]$/.test(line))
  return [resultText && !isNamesOnly ? block(resultText) : '', parts.join('\n')].filter(Boolean).join('\n\n')
}

const shownArguments = 8

/** An id of ours, which says nothing to a person when there is a name for what it stands for. */
const ourIds = ['task_id', 'conversation_id']

/** The arguments as a Markdown list; empty when there are none. */
export function argumentLines(
  { argumentsText: text, subject }: Pick<UsedTool, 'argumentsText' | 'subject'>,
  words: ChatkitWords,
): string {
  const entries = Object.entries(parseObject(text) ?? (text.trim() ? { [words.arguments]: text } : {})).filter(
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
