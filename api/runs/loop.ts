import { v7 } from 'uuid'
import { isPageTool } from '../tools/page-tools.ts'
import type { Toolbox, ToolProgress, ToolResult, ToolSpec } from '../tools/toolbox.ts'
import { shortened, uniqueId } from './history.ts'
import type { FinishedTurn, HistoryCall, HistoryEntry, Model, ModelCall, Usage } from './model.ts'
import { RunError } from './run-failure.ts'

/** What happens in the loop, with everything that must be stored. */
export type LoopEvent =
  /** The model is asked again in so many milliseconds. */
  | { type: 'model.busy'; milliseconds: number }
  | { type: 'message.started'; messageId: string }
  | { type: 'message.delta'; messageId: string; text: string }
  | { type: 'message.completed'; messageId: string; text: string; calls: HistoryCall[]; turn: FinishedTurn }
  /** What a turn cost, also one that then cannot go on. */
  | { type: 'usage'; usage: Usage }
  /** A person is asked before this call is made; the loop ends, and whoever takes the last decision begins it again. */
  | { type: 'tool-call.waits'; callId: string }
  | { type: 'tool-call.started'; callId: string }
  | { type: 'tool-call.progress'; callId: string; progress: ToolProgress }
  | { type: 'tool-call.finished'; callId: string; result: ToolResult }

/** Where the loop begins: anew, or where another process left off. */
export type LoopStart = {
  /** What the model has been shown so far, the run's own finished turns included. */
  history: readonly HistoryEntry[]
  /** Turns of this run that are finished. */
  turns: readonly { calls: readonly ModelCall[] }[]
  /** Calls of the last turn that still have to be made. */
  calls: readonly HistoryCall[]
  /** Calls of the last turn that wait for a person, and whether that person has been asked. */
  waiting: readonly (HistoryCall & { asked: boolean })[]
  /** A call of the last turn is the page's to answer: nothing more is said until then. */
  page: boolean
  /** The message of a turn that was cut off: it starts over under the same id. */
  messageId?: string
  /** Bytes of text that the run has said. */
  outputBytes: number
}

export type Means = {
  model: Model
  modelName: string
  instructions: string
  toolbox: Toolbox
  signal: AbortSignal
  limits: { runSteps: number; toolCallsPerStep: number; outputBytes: number; toolResultBytes: number }
  /** What of the history fits the token budget beside these tools. */
  fit(history: readonly HistoryEntry[], tools: readonly ToolSpec[]): HistoryEntry[]
}

/** So many equal turns in a row, and the model is going round in circles. */
const equalTurns = 4

/**
 * The agent loop: asks the model, yields what is said; makes the calls it asked for, yields what came of them; again
 * until there is nothing more to call or the page has to answer ('done'), or until a person has to decide ('waits'). Owns
 * nothing and stores nothing. Throws RunError when the answer cannot go on, and the signal's reason when it aborts.
 */
export async function* loop(start: LoopStart, means: Means): AsyncGenerator<LoopEvent, 'done' | 'waits'> {
  const history = [...start.history]
  const turns = [...start.turns]
  const spent = { bytes: start.outputBytes }
  let messageId = start.messageId ?? v7()
  if (start.calls.length > 0) yield* useTools(history, start.calls, means)
  for (const { callId, asked } of start.waiting) if (!asked) yield { type: 'tool-call.waits', callId }
  if (start.waiting.length > 0) return 'waits'
  if (start.page) return 'done'
  for (;;) {
    if (turns.length >= means.limits.runSteps)
      yield* giveUp(messageId, `I stopped after ${turns.length} steps without an answer.`)
    if (goesInCircles(turns)) yield* giveUp(messageId, 'I stopped because I kept asking for the same thing.')
    const calls = yield* speak(history, messageId, spent, means)
    if (calls.length === 0) return 'done'
    turns.push({ calls })
    const waiting = calls.filter((call) => isAsked(call, means.toolbox))
    for (const { callId } of waiting) yield { type: 'tool-call.waits', callId }
    const page = calls.find((call) => isForPage(call, means.toolbox))
    const free = calls.filter((call) => !waiting.includes(call) && call !== page)
    if (free.length > 0) yield* useTools(history, free, means)
    if (waiting.length > 0) return 'waits'
    if (page) return 'done'
    messageId = v7()
  }
}

/** One turn of the model. Gives back the calls that it asked for. */
async function* speak(
  history: HistoryEntry[],
  messageId: string,
  spent: { bytes: number },
  means: Means,
): AsyncGenerator<LoopEvent, HistoryCall[]> {
  const { model, modelName, instructions, toolbox, signal, limits } = means
  const tools = toolbox.offered()
  const request = { model: modelName, instructions, history: means.fit(history, tools), tools }
  let text = ''
  let started = false
  for await (const event of model.ask(request, signal)) {
    if (event.type === 'waiting') {
      yield { type: 'model.busy', milliseconds: event.milliseconds }
      continue
    }
    // Calls of a turn that was cut or withheld are not made: with nothing said there is no message yet.
    if (!started && (event.type === 'text' || (event.reason === 'stop' && event.calls.length > 0))) {
      yield { type: 'message.started', messageId }
      started = true
    }
    if (event.type === 'text') {
      spent.bytes += Buffer.byteLength(event.text)
      if (spent.bytes > limits.outputBytes) throw new RunError('OUTPUT_LIMIT', 'The answer grew too long.')
      text += event.text
      yield { type: 'message.delta', messageId, text: event.text }
      continue
    }
    if (event.usage) yield { type: 'usage', usage: event.usage }
    if (event.reason === 'length') yield* endOfBudget(messageId, started)
    const turn = event.reason === 'filter' ? { ...event, calls: [] } : event
    if (event.reason === 'filter') text += yield* withheld(messageId, started)
    else if (!started) throw new RunError('MODEL_BAD_RESPONSE', 'The model gave an empty answer.')
    const ids = new Set(history.flatMap((entry) => (entry.role === 'assistant' ? entry.calls.map(({ id }) => id) : [])))
    const calls = turn.calls.map((call) => ({ ...call, id: uniqueId(call.id, ids), callId: v7() }))
    yield { type: 'message.completed', messageId, text, calls, turn }
    history.push({ role: 'assistant', text, calls, reasoning: turn.reasoning })
    return calls
  }
  throw new RunError('MODEL_STREAM_CUT', 'The model stopped in the middle of its answer.')
}

/** All calls of a turn, side by side. Each is told before it begins, and its result when it is there. */
async function* useTools(
  history: HistoryEntry[],
  calls: readonly HistoryCall[],
  means: Means,
): AsyncGenerator<LoopEvent, void> {
  const allowed = calls.slice(0, means.limits.toolCallsPerStep)
  for (const { callId } of allowed) yield { type: 'tool-call.started', callId }
  const results = new Map<string, ToolResult>()
  const news: LoopEvent[] = []
  let wake = () => {}
  const all = allowed.map(async (call) => {
    const result = await means.toolbox.call(
      { calledAs: call.name, argumentsText: call.arguments, approved: call.approved === true },
      means.signal,
      (progress) => {
        news.push({ type: 'tool-call.progress', callId: call.callId, progress })
        wake()
      },
    )
    results.set(call.callId, result)
    news.push({ type: 'tool-call.finished', callId: call.callId, result })
    wake()
  })
  const failed = Promise.all(all)
  failed.catch(() => wake())
  for (const { callId } of calls.slice(allowed.length)) {
    results.set(callId, tooMany(means.limits.toolCallsPerStep))
    yield { type: 'tool-call.finished', callId, result: tooMany(means.limits.toolCallsPerStep) }
  }
  for (let open = allowed.length; open > 0; ) {
    if (news.length === 0) await Promise.race([failed, new Promise<void>((resolve) => (wake = resolve))])
    for (const event of news.splice(0)) {
      if (event.type === 'tool-call.finished') open--
      yield event
    }
  }
  for (const { callId, id, name } of calls) {
    const result = results.get(callId)
    const output = shortened(result?.text ?? '', means.limits.toolResultBytes)
    history.push({ role: 'tool', callId: id, name, output })
  }
}

function isAsked({ name }: HistoryCall, toolbox: Toolbox): boolean {
  return toolbox.offered().some((tool) => tool.calledAs === name && tool.needsApproval)
}

/** One call of a turn at the most; others are refused by the toolbox. */
function isForPage(call: HistoryCall, toolbox: Toolbox): boolean {
  const request = { calledAs: call.name, argumentsText: call.arguments }
  return toolbox.offered().some((tool) => tool.calledAs === call.name && isPageTool(tool)) && !toolbox.check(request)
}

function tooMany(limit: number): ToolResult {
  const message = `Only ${limit} calls are made in one step. Ask for this one again.`
  return { ok: false, code: 'TOOL_CANCELLED', message, text: message }
}

async function* say(messageId: string, text: string): AsyncGenerator<LoopEvent, string> {
  yield { type: 'message.started', messageId }
  yield { type: 'message.delta', messageId, text }
  return text
}

async function* withheld(messageId: string, started: boolean): AsyncGenerator<LoopEvent, string> {
  if (!started) return yield* say(messageId, 'The provider of the model withheld this answer.')
  const text = '\n\n[The provider of the model withheld the rest.]'
  yield { type: 'message.delta', messageId, text }
  return text
}

async function* giveUp(messageId: string, text: string): AsyncGenerator<LoopEvent, never> {
  yield* say(messageId, text)
  throw new RunError('STEP_LIMIT', 'The assistant reached the limit of steps for one answer.')
}

async function* endOfBudget(messageId: string, started: boolean): AsyncGenerator<LoopEvent, never> {
  if (!started) yield* say(messageId, 'The model ran out of its budget before it said anything.')
  throw new RunError('OUTPUT_LIMIT', 'The model reached the end of its output budget.')
}

function goesInCircles(turns: readonly { calls: readonly ModelCall[] }[]): boolean {
  const last = turns
    .slice(-equalTurns)
    .map(({ calls }) => JSON.stringify(calls.map((call) => [call.name, call.arguments])))
  return last.length === equalTurns && new Set(last).size === 1
}
