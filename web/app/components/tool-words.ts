import type { ToolCallFieldsFragment } from '../../../schema/generated/graphql.ts'

type Status = ToolCallFieldsFragment['status']

/** A tool's title, or its name made readable: "add_task" is "Add task". */
export function toolTitle({ title, name }: { title: string | null; name: string }): string {
  if (title) return title
  const words = name.replace(/[_-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const statusWords: Record<Status, string> = {
  PENDING: 'Waiting',
  AWAITING_APPROVAL: 'Needs your approval',
  RUNNING: 'Running',
  SUCCEEDED: 'Done',
  FAILED: 'Failed',
  DENIED: 'Denied',
  CANCELLED: 'Cancelled',
  OUTCOME_UNKNOWN: 'Outcome unknown',
}

const errorSentences: Record<string, string> = {
  TOOL_NOT_FOUND: 'There is no such tool any more.',
  TOOL_BAD_ARGUMENTS: 'The assistant called it with arguments that do not fit.',
  TOOL_TIMEOUT: 'It took too long and was given up.',
  TOOL_UNAVAILABLE: 'Its server cannot be reached right now.',
  TOOL_BAD_RESULT: 'It answered in a form that cannot be read.',
  TOOL_OUTCOME_UNKNOWN: 'The server stopped while it was at work: it may have taken effect, or not.',
  TOOL_DENIED: 'It was not allowed to run.',
  TOOL_CANCELLED: 'It was stopped before it was done.',
}

/** What went wrong, as a sentence; the tool's own words follow where they say more. */
export function toolErrorInWords({ code, message }: { code: string; message: string }): string {
  const sentence = errorSentences[code]
  return sentence ? `${sentence}${message ? ` ${message}` : ''}` : message || 'It failed.'
}

/** The arguments on one line, for the closed card. */
export function argumentsInShort(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value) ?? ''
  return Object.values(value)
    .filter((it) => it !== null && it !== '')
    .map((it) => (typeof it === 'object' ? '…' : String(it)))
    .join(', ')
}
