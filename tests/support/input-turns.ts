import type { Step, Turn } from './scripted-turns.ts'
import type { Api } from './strict-request.ts'

type ToolPiece = { index: number; id?: string; function: { name?: string; arguments?: string } }
type Delta = { content?: string; refusal?: string; reasoning_content?: string; tool_calls?: ToolPiece[] }
type Usage = { prompt_tokens: number; completion_tokens: number }
type Choice = { delta: Delta; finish_reason?: string | null }

/** One step of an upstream answer, in the words of the `chat` wire. */
export type InputStep =
  | { delta: Delta; finish?: string; usage?: Usage }
  | { chunk: { choices?: Choice[]; usage?: Usage } }
  | { event: { type: string } }
  | { raw: string }
  | { raw_hex: string[] }
  | { done: true }
  | { close: 'end' | 'reset' }
  | { repeat: { step: InputStep; times: number } }
  | { status: number; headers: Record<string, string>; body: unknown }

/** The answer as this wire has it: chunks as they stand, or the events that tell the same. */
export function turnFor(steps: readonly InputStep[], api: Api, nameOf: (tool: string) => string): Turn {
  const [first] = steps
  if (first && 'status' in first) {
    const { status, headers, body } = first
    const type = { 'content-type': 'application/json' }
    return { status, headers: { ...type, ...headers }, body: typeof body === 'string' ? body : json(body), steps: [] }
  }
  const hex = first && 'raw_hex' in first ? Buffer.from(first.raw_hex.join(''), 'hex') : undefined
  const played = (hex ? stepsIn(hex.toString()) : steps).flatMap(repeated)
  const named = played.map((step) => withNames(step, nameOf))
  return {
    ...{ status: 200, headers: { 'content-type': 'text/event-stream' }, bytewise: hex !== undefined },
    steps: [...(api === 'chat' ? named.map(asChat) : asResponses(named)), { ends: 'cleanly' }],
  }
}

const json = (value: unknown) => JSON.stringify(value)

function repeated(step: InputStep): InputStep[] {
  return 'repeat' in step ? Array<InputStep>(step.repeat.times).fill(step.repeat.step) : [step]
}

function stepsIn(text: string): InputStep[] {
  const data = text.split('\n\n').filter(Boolean)
  return data.map((it) => (it === 'data: [DONE]' ? { done: true } : { chunk: JSON.parse(it.slice('data: '.length)) }))
}

function withNames(step: InputStep, nameOf: (tool: string) => string): InputStep {
  if (!('delta' in step) || !step.delta.tool_calls) return step
  const tool_calls = step.delta.tool_calls.map((piece) => ({
    ...piece,
    function: { ...piece.function, ...(piece.function.name && { name: nameOf(piece.function.name) }) },
  }))
  return { ...step, delta: { ...step.delta, tool_calls } }
}

function asChat(step: InputStep): Step {
  if ('delta' in step) {
    const { delta, finish = null, usage } = step
    return { event: { choices: [{ index: 0, delta, finish_reason: finish }], ...(usage && { usage }) } }
  }
  if ('chunk' in step) return { event: step.chunk }
  if ('done' in step) return { raw: 'data: [DONE]\n\n' }
  return asEither(step)
}

function asEither(step: InputStep): Step {
  if ('raw' in step) return { raw: step.raw }
  if ('close' in step) return { ends: step.close === 'reset' ? 'reset' : 'cleanly' }
  if ('event' in step) return { event: step.event }
  throw new Error(`unknown step ${json(step)}`)
}

/** The last event tells the reason and what it cost, so it waits for the end. */
function asResponses(steps: readonly InputStep[]): Step[] {
  const events: Step[] = [event('created', { response: { id: 'r', status: 'in_progress', output: [] } })]
  const calls = new Map<number, string>()
  let reason: string | undefined
  let cost: Usage | undefined
  const piece = ({ index, id, function: { name, arguments: text } }: ToolPiece) => {
    const output_index = index + 1
    if (name !== undefined) {
      calls.set(index, `fc_${events.length}`)
      const item = { type: 'function_call', id: calls.get(index), call_id: id, name, arguments: '' }
      events.push(event('output_item.added', { output_index, item }))
    }
    const at = { output_index, item_id: calls.get(index) }
    if (text) events.push(event('function_call_arguments.delta', { ...at, delta: text }))
  }
  const say = ({ content, refusal, reasoning_content: thinking, tool_calls = [] }: Delta) => {
    const at = { item_id: 'm', output_index: 0, content_index: 0 }
    if (thinking) events.push(event('output_item.done', { output_index: 0, item: { type: 'reasoning', id: 'rs' } }))
    if (content) events.push(event('output_text.delta', { ...at, delta: content }))
    if (refusal) events.push(event('refusal.delta', { ...at, delta: refusal }))
    tool_calls.forEach(piece)
  }
  for (const step of steps) {
    if ('delta' in step) {
      say(step.delta)
      reason = step.finish ?? reason
      cost = step.usage ?? cost
    } else if ('chunk' in step) {
      const { choices = [], usage, ...rest } = step.chunk
      for (const { delta, finish_reason } of choices) {
        say(delta)
        reason = finish_reason ?? reason
      }
      cost = usage ?? cost
      if (choices.length === 0 && !usage) events.push(event('unheard_of', rest))
    } else if (!('done' in step)) events.push(asEither(step))
  }
  return reason ? [...events, final(reason, cost)] : events
}

function final(reason: string, cost: Usage | undefined): Step {
  const usage = cost && { input_tokens: cost.prompt_tokens, output_tokens: cost.completion_tokens }
  const why = { length: 'max_output_tokens', content_filter: 'content_filter' }[reason]
  if (!why) return event('completed', { response: { id: 'r', status: 'completed', output: [], usage } })
  return event('incomplete', { response: { id: 'r', incomplete_details: { reason: why }, usage } })
}

const event = (type: string, members: object): Step => ({ event: { type: `response.${type}`, ...members } })
