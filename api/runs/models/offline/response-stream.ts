import type { Next } from './answer.ts'
import type { Call } from './conversation.ts'

type Piece = { text: string; paced: boolean }

/** The events of a Responses stream that say or call what comes next. `request` only serves to count tokens. */
export function* streamOf(next: Next, request: string): Generator<Piece, void> {
  let sequence = 0
  const event = (type: string, more: Record<string, unknown>, paced = false): Piece => ({
    text: `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...more })}\n\n`,
    paced,
  })
  const response = { id: 'resp_offline', object: 'response', model: 'offline', output: [], error: null }
  yield event('response.created', { response: { ...response, status: 'in_progress' } })
  const output = 'text' in next ? [messageOf(next.text)] : next.calls.map(callOf)
  for (const [output_index, item] of output.entries()) {
    const at = { item_id: item.id, output_index }
    yield event('response.output_item.added', { output_index, item: { ...item, ...emptied(item) } })
    if (item.type === 'message') {
      for (const delta of wordsOf(item.content[0].text))
        yield event('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] }, true)
    } else {
      yield event('response.function_call_arguments.delta', { ...at, delta: item.arguments }, true)
      yield event('response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments })
    }
    yield event('response.output_item.done', { output_index, item })
  }
  const usage = usageOf(request, JSON.stringify(output))
  yield event('response.completed', { response: { ...response, status: 'completed', output, usage } })
}

function messageOf(text: string) {
  const content = [{ type: 'output_text', text, annotations: [] }] as const
  return { id: 'msg_offline', type: 'message', role: 'assistant', status: 'completed', content } as const
}

function callOf(call: Call) {
  const number = callNumber()
  return {
    id: `fc_${number}`,
    type: 'function_call',
    call_id: `call_${number}`,
    name: call.name,
    arguments: JSON.stringify(call.arguments),
    status: 'completed',
  } as const
}

function callNumber(): string {
  return crypto.randomUUID().replaceAll('-', '').slice(0, 24)
}

function emptied(item: ReturnType<typeof messageOf> | ReturnType<typeof callOf>) {
  return item.type === 'message' ? { content: [], status: 'in_progress' } : { arguments: '', status: 'in_progress' }
}

/** Each word with the space behind it, so that joined they are the text. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+\s*/g) ?? []
}

/** Roughly what a model would count. */
function usageOf(request: string, answer: string) {
  const [input, output] = [request, answer].map((text) => Math.ceil(text.length / 4))
  return { input_tokens: input, output_tokens: output, total_tokens: (input ?? 0) + (output ?? 0) }
}
