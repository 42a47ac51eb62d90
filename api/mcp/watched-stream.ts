/**
 * The same response, whose stream ends, for the server as for the reader, as soon as `mayGoOn` says no; it is asked now
 * and then. `onEnd` is called once, when the stream is over for whatever reason.
 */
export function watchedStream(
  response: Response,
  { everyMs, mayGoOn, onEnd }: { everyMs: number; mayGoOn(): Promise<boolean>; onEnd(): void },
): Response {
  const reader = response.body?.getReader()
  if (!reader) return response
  let over = false
  const end = () => {
    if (over) return
    over = true
    clearInterval(timer)
    onEnd()
  }
  const timer = setInterval(async () => {
    // Who cannot be asked is not told off: it is asked again.
    if (over || (await mayGoOn().catch(() => true))) return
    await reader.cancel().catch(() => {})
  }, everyMs).unref()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await reader.read()
          if (!done) return controller.enqueue(value)
          end()
          controller.close()
        } catch (error) {
          end()
          throw error
        }
      },
      async cancel(reason) {
        end()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  const { status, headers } = response
  return new Response(body, { status, headers })
}
