import { z } from 'zod'
import { storableText } from '../../tools/storable.ts'

/** The database takes no other. */
const text = z.string().transform(storableText)

/** A reasoning item as it goes back: without `status`, which the provider gives but does not take. */
export const ReasoningItem = z.object({
  type: z.literal('reasoning'),
  id: text,
  summary: z.array(z.object({ type: z.literal('summary_text'), text })).catch([]),
  content: z
    .array(z.object({ type: z.literal('reasoning_text'), text }))
    .optional()
    .catch(undefined),
  encrypted_content: text.optional().catch(undefined),
})

const MessagePhase = z.enum(['commentary', 'final_answer'])

/** What one turn consisted of, in order: reasoning whole, the rest by its place, since it stands in the history already. */
const TurnPart = z.union([
  ReasoningItem,
  z.object({ type: z.literal('message'), phase: MessagePhase.optional().catch(undefined) }),
  z.object({ type: z.literal('call') }),
])

export type TurnPart = z.output<typeof TurnPart>

const Kept = z.object({ wire: z.literal('responses'), model: z.string(), parts: z.array(TurnPart) })

/** What is kept beside the message of a turn; null when its text and calls say it all. */
export function keepReasoning(model: string, parts: readonly TurnPart[]): z.output<typeof Kept> | null {
  const telling = parts.some((part) => part.type === 'reasoning' || (part.type === 'message' && part.phase))
  return telling ? { wire: 'responses', model, parts: [...parts] } : null
}

/** The parts that were kept, if this model made them: no other can read its reasoning. */
export function keptParts(kept: unknown, model: string): TurnPart[] {
  const { data } = Kept.safeParse(kept)
  return data?.model === model ? data.parts : []
}

/** True when the item can be given back: reasoning that only has a name is known to nobody but the provider. */
export function canGoBack(item: z.output<typeof ReasoningItem>): boolean {
  return Boolean(item.encrypted_content || item.content?.length)
}
