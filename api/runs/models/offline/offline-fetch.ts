import { setTimeout as wait } from 'node:timers/promises'
import { nextStep } from './answer.ts'
import { conversationIn } from './conversation.ts'
import { streamOf } from './response-stream.ts'

/**
 * A `fetch` behind which the offline assistant sits: it answers requests on the Responses wire, word by word, and knows
 * no network. `wordMilliseconds` is its pace.
 */
export function createOfflineFetch({ wordMilliseconds = 25 }: { wordMilliseconds?: number } = {}): typeof fetch {
  return async (_input, init = {}) => {
    const signal = init.signal ?? undefined
    signal?.throwIfAborted()
    const body = String(init.body)
    const events = streamOf(nextStep(conversationIn(body)), body)
    const encoder = new TextEncoder()
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { value, done } = events.next()
          if (done) return controller.close()
          // The words take their time; what is around them does not.
          if (value.paced && wordMilliseconds > 0) await wait(wordMilliseconds, undefined, { signal })
          controller.enqueue(encoder.encode(value.text))
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  }
}
