import { z } from 'zod'

/** What is kept of the thinking behind a turn on this wire. It means something to the model that thought it, and to no other. */
const Kept = z.object({ wire: z.literal('chat'), model: z.string(), thinking: z.string().min(1) })

export function keepChatThinking(model: string, thinking: string): z.output<typeof Kept> | null {
  return thinking ? { wire: 'chat', model, thinking } : null
}

/** The thinking that was kept, if it was this model's. */
export function chatThinking(kept: unknown, model: string): string | null {
  const { data } = Kept.safeParse(kept)
  return data?.model === model ? data.thinking : null
}
