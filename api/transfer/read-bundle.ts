import type { z } from 'zod'
import { BundleLine, type MovedConversation } from './bundle.ts'

/** A conversation from a file, or why there is none. `name` says which one, as far as that can be told. */
export type ReadConversation = { name: string } & ({ moved: MovedConversation } | { problem: string })

/**
 * The conversations of a bundle, one by one. What is damaged is told in its place and costs nothing else: reading goes on
 * with the next conversation. Lines between two that belong to neither are told once.
 */
export function* readBundle(lines: Iterable<string>): Generator<ReadConversation> {
  let open: Open | null = null
  let number = 0
  let isAstray = false
  for (const text of lines) {
    number++
    if (text.trim() === '') continue
    const line = lineOf(text)
    if ('problem' in line) {
      const problem = `line ${number}: ${line.problem}`
      if (open) open.problem ??= problem
      else if (line.begins || !isAstray) yield { name: `line ${number}`, problem }
      isAstray = !open
      // A damaged first line of a conversation belongs to no open one.
      if (open && line.begins) {
        yield closed(open, false)
        open = { ...begun(`line ${number}`), problem }
      }
      continue
    }
    if (line.type === 'parley-export') continue
    if (line.type === 'conversation') {
      if (open) yield closed(open, false)
      open = { ...begun(line.title), conversation: line }
      isAstray = false
    } else if (!open) {
      if (!isAstray) yield { name: `line ${number}`, problem: `line ${number}: belongs to no conversation` }
      isAstray = true
    } else if (line.type === 'message') open.messages.push(line)
    else if (line.type === 'attachment') open.attachments.push(line)
    else if (line.type === 'run') open.runs.push(line)
    else {
      yield closed(open, line)
      open = null
    }
  }
  if (open) yield closed(open, false)
}

type Open = Omit<MovedConversation, 'conversation'> & {
  name: string
  conversation: MovedConversation['conversation'] | null
  problem: string | null
}

const begun = (name: string): Open => ({
  name,
  conversation: null,
  problem: null,
  messages: [],
  attachments: [],
  runs: [],
})

type Line = BundleLine | { problem: string; begins: boolean }

function lineOf(text: string): Line {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'is not JSON', begins: text.startsWith('{"type":"conversation"') }
  }
  const { data, error } = BundleLine.safeParse(value)
  if (data) return data
  const begins = typeof value === 'object' && value !== null && 'type' in value && value.type === 'conversation'
  return { problem: firstProblem(error), begins }
}

export function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues
  return issue ? `${issue.path.join('.')}: ${issue.message}` : 'is not as expected'
}

function closed(open: Open, end: { messages: number; attachments: number; runs: number } | false): ReadConversation {
  const { name, conversation, problem, ...parts } = open
  if (problem) return { name, problem }
  if (!conversation) return { name, problem: 'has no beginning' }
  const whole =
    end &&
    end.messages === parts.messages.length &&
    end.attachments === parts.attachments.length &&
    end.runs === parts.runs.length
  if (!whole) return { name, problem: 'is cut: parts of it are missing' }
  const moved = { conversation, ...parts }
  const wrong = inconsistency(moved)
  return wrong ? { name, problem: wrong } : { name, moved }
}

/** What each line alone cannot show. Null when all fits together. */
export function inconsistency({ messages, attachments, runs }: Omit<MovedConversation, 'conversation'>): string | null {
  const sequences = new Set<number>()
  for (const { sequence } of messages) {
    if (sequences.has(sequence)) return `message ${sequence} is there twice`
    sequences.add(sequence)
  }
  const numbers = new Set(runs.map(({ run }) => run))
  if (numbers.size < runs.length) return 'a run is there twice'
  for (const it of messages) {
    if (it.replaces !== null && !sequences.has(it.replaces))
      return `message ${it.sequence} replaces one that is not there`
    if (it.run !== null && !numbers.has(it.run)) return `message ${it.sequence} was said in a run that is not there`
    if (it.toolCalls.length > 0 && it.run === null) return `message ${it.sequence} calls tools outside of a run`
  }
  for (const { run, message } of runs)
    if (!sequences.has(message)) return `run ${run} answers a message that is not there`
  for (const { message } of attachments)
    if (!sequences.has(message)) return 'a file belongs to a message that is not there'
  return null
}
