import { z } from 'zod'
import { badResponse, shaped } from './chunk-shape.ts'
import { finishedCalls } from './finished-calls.ts'
import { canGoBack, ReasoningItem, type TurnPart } from './kept-reasoning.ts'

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

export const Delta = z.object({ ...place, delta: z.string() })
export const ItemEvent = z.object({ ...place, item: Item })

type Slot = { itemId: string; index: number | null; callId: string; name: string; arguments: string }
type Place = { item_id?: string | null | undefined; output_index?: number | null | undefined }

/** Collects what a turn consists of besides its text, from servers that tell of an item in pieces, as a whole, or both. */
export function createResponsesTurn() {
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
