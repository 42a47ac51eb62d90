import type { ScriptedUsage } from './scripted-turns.ts'
import type { Issued, ProviderRequest, Voice } from './scripted-voice.ts'

type Item = Record<string, unknown> & { id: string; type: string }

/** Speaks `/v1/responses`: every event in the order in which the real one sends them. */
export function responsesVoice(request: ProviderRequest, issued: Issued): Voice {
  const response = { id: 'resp_7', object: 'response', created_at: 1_700_000_000, model: request.model, error: null }
  const output: Item[] = []
  let sequence = 0
  let open: { item: Item; part: 'output_text' | 'refusal'; text: string } | null = null
  let reasoning: string | undefined

  const event = (data: unknown) => {
    const named = typeof data === 'object' && data !== null && 'type' in data ? `event: ${data.type}\n` : ''
    return `${named}data: ${JSON.stringify(data)}\n\n`
  }
  const say = (type: string, more: Record<string, unknown>) => event({ type, sequence_number: sequence++, ...more })
  const added = (item: Item) => say('response.output_item.added', { output_index: output.length, item })
  const done = (item: Item) => {
    output.push(item)
    return say('response.output_item.done', { output_index: output.length - 1, item })
  }

  function speak(part: 'output_text' | 'refusal', text: string): string {
    const opening = open?.part === part ? '' : closeMessage() + openMessage(part)
    if (!open) return opening
    open.text += text
    const at = { item_id: open.item.id, output_index: output.length, content_index: 0 }
    return (
      opening +
      say(`response.${part}.delta`, { ...at, delta: text, ...(part === 'output_text' ? { logprobs: [] } : {}) })
    )
  }

  function openMessage(part: 'output_text' | 'refusal'): string {
    const item = { id: `msg_${output.length}`, type: 'message', role: 'assistant', status: 'in_progress', content: [] }
    open = { item, part, text: '' }
    const at = { item_id: item.id, output_index: output.length, content_index: 0 }
    return added(item) + say('response.content_part.added', { ...at, part: partOf(part, '') })
  }

  function closeMessage(status = 'completed'): string {
    if (!open) return ''
    const { item, part, text } = open
    open = null
    const at = { item_id: item.id, output_index: output.length, content_index: 0 }
    const end = part === 'output_text' ? { ...at, text, logprobs: [] } : { ...at, refusal: text }
    return (
      say(`response.${part}.done`, end) +
      say('response.content_part.done', { ...at, part: partOf(part, text) }) +
      done({ ...item, status, content: [partOf(part, text)] })
    )
  }

  return {
    opens: () =>
      say('response.created', { response: { ...response, status: 'in_progress', output: [], usage: null } }) +
      say('response.in_progress', { response: { ...response, status: 'in_progress', output: [], usage: null } }),
    text: (text) => speak('output_text', text),
    refusal: (text) => speak('refusal', text),
    thinks(text) {
      const id = `rs_${++issued.calls}`
      const encrypted_content = request.wantsReasoning ? Buffer.from(`${id}:${text}`).toString('base64') : undefined
      // Only what came encrypted can come back.
      if (request.wantsReasoning) reasoning = id
      const item = { id, type: 'reasoning', summary: [] }
      return closeMessage() + added(item) + done({ ...item, encrypted_content })
    },
    call({ id: call_id, name, arguments: text }) {
      const item = { id: `fc_${++issued.calls}`, type: 'function_call', call_id, name }
      if (reasoning) issued.reasoning.set(call_id, reasoning)
      const before = closeMessage()
      const at = { item_id: item.id, output_index: output.length }
      const half = Math.ceil(text.length / 2)
      const pieces = [text.slice(0, half), text.slice(half)].filter(Boolean)
      return (
        before +
        added({ ...item, arguments: '', status: 'in_progress' }) +
        pieces.map((delta) => say('response.function_call_arguments.delta', { ...at, delta })).join('') +
        say('response.function_call_arguments.done', { ...at, name, arguments: text }) +
        done({ ...item, arguments: text, status: 'completed' })
      )
    },
    event,
    ends(how, usage) {
      const closing = closeMessage(how === 'stop' ? 'completed' : 'incomplete')
      const final = { ...response, output, usage: usage && responsesUsage(usage) }
      if (how === 'stop') return closing + say('response.completed', { response: { ...final, status: 'completed' } })
      if (how === 'failed') {
        const error = { code: 'server_error', message: 'played failure' }
        return closing + say('response.failed', { response: { ...final, status: 'failed', error } })
      }
      const incomplete_details = { reason: how === 'length' ? 'max_output_tokens' : 'content_filter' }
      return closing + say('response.incomplete', { response: { ...final, status: 'incomplete', incomplete_details } })
    },
  }
}

function partOf(type: 'output_text' | 'refusal', text: string) {
  return type === 'output_text' ? { type, text, annotations: [], logprobs: [] } : { type, refusal: text }
}

function responsesUsage(usage: ScriptedUsage) {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cached ?? 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: usage.input + usage.output,
  }
}
