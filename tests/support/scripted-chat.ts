import type { Issued, ProviderRequest, Voice } from './scripted-voice.ts'

/** Speaks `/v1/chat/completions`. Ids of answers repeat, as they do with small servers. */
export function chatVoice(request: ProviderRequest, issued: Issued): Voice {
  const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`
  const chunk = (more: Record<string, unknown>) =>
    event({ id: 'chatcmpl-7', object: 'chat.completion.chunk', created: 1_700_000_000, model: request.model, ...more })
  const delta = (delta: Record<string, unknown>, finish_reason: string | null = null) =>
    chunk({ choices: [{ index: 0, delta, finish_reason }] })
  let index = 0
  let thought: string | undefined

  return {
    opens: () => delta({ role: 'assistant', content: '' }),
    text: (content) => delta({ content }),
    refusal: (refusal) => delta({ content: '', refusal }),
    thinks(text) {
      thought = (thought ?? '') + text
      return delta({ reasoning_content: text })
    },
    call({ id, name, arguments: text }) {
      if (thought !== undefined) issued.reasoning.set(id, thought)
      const at = index++
      const half = Math.ceil(text.length / 2)
      const more = (part: string) => delta({ tool_calls: [{ index: at, function: { arguments: part } }] })
      const first = delta({ tool_calls: [{ index: at, id, type: 'function', function: { name, arguments: '' } }] })
      return first + more(text.slice(0, half)) + more(text.slice(half))
    },
    event,
    ends(how, usage) {
      if (how === 'failed')
        return event({ error: { message: 'played failure', type: 'server_error', code: 'server_error' } })
      const reason = { stop: index > 0 ? 'tool_calls' : 'stop', length: 'length', filter: 'content_filter' }[how]
      const tail = usage && request.wantsUsage ? chunk({ choices: [], usage: chatUsage(usage) }) : ''
      return `${delta({}, reason)}${tail}data: [DONE]\n\n`
    },
  }
}

function chatUsage(usage: { input: number; output: number; cached?: number; reasoning?: number }) {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  }
}
