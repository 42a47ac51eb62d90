import { z } from 'zod'
import type { FinishedTurn, ModelEvent, Usage } from '../model.ts'
import { badResponse, type Phase, shaped, streamCut } from './chunk-shape.ts'
import { failureOf } from './failures.ts'
import { keepReasoning } from './kept-reasoning.ts'
import { createResponsesTurn, Delta, ItemEvent } from './responses-turn.ts'
import { createSpeech } from './speech.ts'

const ResponsesUsage = z.object({
  input_tokens: z.number(),
  output_tokens: z.number().nullish(),
  input_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  output_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
})

const Fault = z.object({ code: z.unknown().optional(), message: z.string().nullish().catch(null) })

const Event = z.object({ type: z.string() })
const Final = z.object({
  response: z.object({
    output: z.array(z.unknown()).nullish().catch(null),
    usage: z.unknown().optional(),
    error: Fault.nullish(),
    incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  }),
})

/**
 * Reads the events of one answer. Throws RunError for events that cannot be read, for a response that failed and for an
 * end without a final event; what the events throw passes through.
 */
export async function* readResponses(
  events: AsyncIterable<unknown>,
  { model }: { model: string },
): AsyncGenerator<ModelEvent, void> {
  const speech = createSpeech()
  const turn = createResponsesTurn()
  let end: { reason: FinishedTurn['reason']; usage: Usage | null } | null = null
  let count = 0
  const said = (piece: string): ModelEvent[] => {
    const text = speech.hear(piece)
    return text ? [{ type: 'text', text }] : []
  }
  try {
    for await (const raw of events) {
      count++
      const { type } = shaped(Event, raw)
      if (type === 'response.output_text.delta' || type === 'response.refusal.delta') {
        const { delta } = shaped(Delta, raw)
        turn.spoke()
        yield* said(delta)
      } else if (type === 'response.function_call_arguments.delta') turn.argue(shaped(Delta, raw))
      else if (type === 'response.output_item.added') turn.open(shaped(ItemEvent, raw))
      else if (type === 'response.output_item.done') yield* said(turn.close(shaped(ItemEvent, raw), raw))
      else if (type === 'response.completed' || type === 'response.incomplete') {
        const { response } = shaped(Final, raw)
        yield* said(turn.complete(response.output ?? []))
        const reason = type === 'response.completed' ? 'stop' : reasonFor(response.incomplete_details?.reason)
        end = { reason, usage: usageIn(response.usage) }
      } else if (type === 'response.failed' || type === 'error') throw failureIn(raw, type)
    }
  } catch (error) {
    // After the final event nothing of the answer can be missing.
    if (!end) throw error
  }
  if (count === 0) throw badResponse('an answer without a single event')
  if (!end) throw streamCut(new Error('the stream ended without response.completed'))
  const rest = speech.rest()
  if (rest) yield { type: 'text', text: rest }
  const { calls, parts } = turn.finish()
  yield { type: 'finished', calls, usage: end.usage, reasoning: keepReasoning(model, parts), reason: end.reason }
}

export function responsesPhase(raw: unknown): Phase {
  const type = Event.safeParse(raw).data?.type ?? ''
  if (['response.completed', 'response.incomplete', 'response.failed', 'error'].includes(type)) return 'over'
  return /^response\.(output_text|refusal|function_call_arguments)\.delta$/.test(type) ? 'speaking' : 'thinking'
}

/** The failure that an event tells of. */
function failureIn(raw: unknown, type: 'response.failed' | 'error'): Error {
  const told = type === 'error' ? shaped(Fault, raw) : shaped(Final, raw).response.error
  return failureOf({ code: told?.code, message: told?.message ?? type })
}

function usageIn(usage: unknown): Usage | null {
  const { data } = ResponsesUsage.safeParse(usage)
  if (!data) return null
  return {
    inputTokens: data.input_tokens,
    cachedInputTokens: data.input_tokens_details?.cached_tokens ?? 0,
    outputTokens: data.output_tokens ?? 0,
    reasoningTokens: data.output_tokens_details?.reasoning_tokens ?? 0,
  }
}

function reasonFor(told: string | null | undefined): FinishedTurn['reason'] {
  return told === 'content_filter' ? 'filter' : 'length'
}
