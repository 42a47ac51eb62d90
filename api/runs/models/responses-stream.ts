import { z } from 'zod'
import type { FinishedTurn, ModelEvent, Usage } from '../model.ts'
import { badResponse, type Phase, shaped, streamCut } from './chunk-shape.ts'
import { failureOf } from './failures.ts'
import { finishedCalls } from './finished-calls.ts'
import { canGoBack, keepReasoning, ReasoningItem, type TurnPart } from './kept-reasoning.ts'
import { createSpeech } from './speech.ts'

const text = z.string().nullish()
const place = { item_id: text, output_index: z.number().nullish() }

const Item = z.object({
  type: z.string(),
  id: text,
  call_id: text,
  name: text,
  arguments: text,
  phase: z.enum(['commentary', 'final_answer']).nullish().catch(null),
  content: z
    .array(z.object({ type: z.string(), text, refusal: text }))
    .nullish()
    .catch(null),
})

const ResponsesUsage = z.object({
  input_tokens: z.number(),
  output_tokens: z.number().nullish(),
  input_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  output_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
})

const Fault = z.object({ code: z.unknown().optional(), message: z.string().nullish().catch(null) })

const Event = z.object({ type: z.string() })
const Delta = z.object({ ...place, delta: z.string() })
const ItemEvent = z.object({ ...place, item: Item })
const Final = z.object({
  response: z.object({
    output: z.array(z.unknown()).nullish().catch(null),
    usage: z.unknown().optional(),
    error: Fault.nullish(),
    incomplete_details: z.object({ reason: text }).nullish(),
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
  const turn = createTurn()
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

type Slot = { itemId: string; index: number | null; callId: string; name: string; arguments: string }
type Place = { item_id?: string | null | undefined; output_index?: number | null | undefined }

/** Collects what the turn consists of besides its text. */
function createTurn() {
  const slots: Slot[] = []
  const parts: TurnPart[] = []
  let heard = false

  const slotAt = ({ item_id, output_index }: Place) =>
    (item_id ? slots.findLast((slot) => slot.itemId === item_id) : undefined) ??
    slots.findLast((slot) => slot.index === (output_index ?? null)) ??
    slots.at(-1)

  function newSlot({ id, call_id, name }: z.output<typeof Item>, index: number | null | undefined): Slot {
    const slot = { itemId: id ?? '', index: index ?? null, callId: call_id ?? '', name: name ?? '', arguments: '' }
    slots.push(slot)
    parts.push({ type: 'call' })
    return slot
  }

  function slotOf(item: z.output<typeof Item>, index: number | null | undefined): Slot {
    const known = slots.findLast((slot) => (item.id ? slot.itemId === item.id : false))
    const placed = known ?? slots.findLast((slot) => slot.index === (index ?? null) && slot.callId === item.call_id)
    return placed ?? newSlot(item, index)
  }

  /** Takes a finished item; gives the text that only it told. */
  function close({ item, output_index }: z.output<typeof ItemEvent>, raw: unknown): string {
    if (item.type === 'function_call') {
      const slot = slotOf(item, output_index)
      slot.callId = item.call_id ?? slot.callId
      slot.name = item.name ?? slot.name
      slot.arguments = item.arguments || slot.arguments
    } else if (item.type === 'reasoning') {
      const { data } = ReasoningItem.safeParse(raw)
      if (data && canGoBack(data)) parts.push(data)
    } else if (item.type === 'message') {
      parts.push({ type: 'message', ...(item.phase && { phase: item.phase }) })
      if (!heard) return (item.content ?? []).map((part) => part.text ?? part.refusal ?? '').join('')
    }
    return ''
  }

  return {
    spoke() {
      heard = true
    },
    open({ item, output_index }: z.output<typeof ItemEvent>) {
      if (item.type === 'function_call') newSlot(item, output_index)
    },
    argue({ delta, ...at }: z.output<typeof Delta>) {
      const slot = slotAt(at)
      if (!slot) throw badResponse('arguments without a call')
      slot.arguments += delta
    },
    close: (event: z.output<typeof ItemEvent>, raw: unknown) => close(event, (raw as { item: unknown }).item),
    /** For servers that tell items at the end only. */
    complete(output: readonly unknown[]): string {
      if (parts.length > 0 || heard) return ''
      return output.map((raw, output_index) => close(shaped(ItemEvent, { item: raw, output_index }), raw)).join('')
    },
    finish: () => ({
      calls: finishedCalls(slots.map(({ callId, name, arguments: text }) => ({ id: callId, name, arguments: text }))),
      parts,
    }),
  }
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
