import { z } from 'zod'
import type { FinishedTurn, ModelEvent, Usage } from '../model.ts'
import { keepChatThinking } from './chat-thinking.ts'
import { badResponse, type Phase, shaped, streamCut } from './chunk-shape.ts'
import { failureOf } from './failures.ts'
import { finishedCalls, type HeardCall } from './finished-calls.ts'
import { createSpeech, storable } from './speech.ts'

const words = z
  .union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))])
  .nullish()
  .transform((content) => (Array.isArray(content) ? content.map((part) => part.text ?? '').join('') : (content ?? '')))

const CallPiece = z.object({
  index: z.number().nullish(),
  id: z.string().nullish(),
  function: z
    .object({
      name: z.string().nullish(),
      // Some servers send the object instead of its text.
      arguments: z
        .union([z.string(), z.record(z.string(), z.unknown()).transform((it) => JSON.stringify(it))])
        .nullish(),
    })
    .nullish(),
})

const ChatUsage = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number().nullish(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
})

const Chunk = z.object({
  object: z.string().nullish(),
  message: z.string().nullish(),
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: words,
            refusal: words,
            reasoning_content: words,
            tool_calls: z.array(CallPiece).nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z.unknown().optional(),
})

/**
 * Reads the chunks of one answer. `keepThinking`: the model wants its thinking back. Throws RunError for chunks that
 * cannot be read and for an end without a reason; what the chunks throw passes through.
 */
export async function* readChat(
  chunks: AsyncIterable<unknown>,
  { model, keepThinking }: { model: string; keepThinking: boolean },
): AsyncGenerator<ModelEvent, void> {
  const speech = createSpeech()
  const calls = createCallPieces()
  let reason: FinishedTurn['reason'] | null = null
  let usage: Usage | null = null
  let thinking = ''
  let count = 0
  try {
    for await (const raw of chunks) {
      count++
      const chunk = shaped(Chunk, raw)
      if (chunk.object === 'error') throw failureOf({ message: chunk.message ?? 'an error in the stream' })
      usage = usageIn(chunk.usage) ?? usage
      const { delta, finish_reason } = chunk.choices?.[0] ?? {}
      if (keepThinking) thinking += delta?.reasoning_content ?? ''
      for (const piece of delta?.tool_calls ?? []) calls.add(piece)
      const text = speech.hear((delta?.content ?? '') + (delta?.refusal ?? ''))
      if (text) yield { type: 'text', text }
      if (finish_reason) reason = reasonFor(finish_reason)
    }
  } catch (error) {
    // After the reason only token counts can be missing.
    if (!reason) throw error
  }
  if (count === 0) throw badResponse('an answer without a single event')
  if (!reason) throw streamCut(new Error('the stream ended without a finish_reason'))
  const rest = speech.rest()
  if (rest) yield { type: 'text', text: rest }
  const reasoning = keepChatThinking(model, storable(thinking))
  yield { type: 'finished', calls: finishedCalls(calls.all()), usage, reasoning, reason }
}

export function chatPhase(raw: unknown): Phase {
  const choice = Chunk.safeParse(raw).data?.choices?.[0]
  if (choice?.finish_reason) return 'over'
  const { content, refusal, tool_calls } = choice?.delta ?? {}
  return content || refusal || tool_calls?.length ? 'speaking' : 'thinking'
}

/** Puts calls together from their pieces, also when a server numbers all of them 0 or does not number them at all. */
function createCallPieces() {
  type Slot = { index: number; id: string; name: string; arguments: string }
  const slots: Slot[] = []

  function slotFor(index: number | null, id: string, name: string, text: string): Slot {
    const same = id ? slots.findLast((slot) => slot.id === id) : undefined
    if (same && (index === null || same.index === index)) return same
    const placed = index === null ? (id ? undefined : slots.at(-1)) : slots.findLast((slot) => slot.index === index)
    const another = placed && ((id && placed.id && placed.id !== id) || (name && text && isWhole(placed.arguments)))
    if (placed && !another) return placed
    const slot = { index: index ?? slots.length, id: '', name: '', arguments: '' }
    slots.push(slot)
    return slot
  }

  return {
    add(piece: z.output<typeof CallPiece>) {
      const { name, arguments: text } = piece.function ?? {}
      const slot = slotFor(piece.index ?? null, piece.id ?? '', name ?? '', text ?? '')
      slot.id ||= piece.id ?? ''
      if (name && name !== slot.name && !slot.arguments) slot.name += name
      slot.arguments += text ?? ''
    },
    all: (): HeardCall[] => slots.toSorted((one, other) => one.index - other.index),
  }
}

function isWhole(json: string): boolean {
  try {
    JSON.parse(json)
    return true
  } catch {
    return false
  }
}

function usageIn(usage: unknown): Usage | null {
  const { data } = ChatUsage.safeParse(usage)
  if (!data) return null
  return {
    inputTokens: data.prompt_tokens,
    cachedInputTokens: data.prompt_tokens_details?.cached_tokens ?? 0,
    outputTokens: data.completion_tokens ?? 0,
    reasoningTokens: data.completion_tokens_details?.reasoning_tokens ?? 0,
  }
}

/** Of those that are not OpenAI's: some call a full answer `max_tokens`, and DeepSeek says when it had to give up. */
function reasonFor(finish: string): FinishedTurn['reason'] {
  if (finish === 'length' || finish === 'max_tokens') return 'length'
  if (finish === 'insufficient_system_resource') throw streamCut(new Error(`it ended with ${finish}`))
  return finish === 'content_filter' ? 'filter' : 'stop'
}
