import type { Bell } from './bell.ts'

/** Does the work, which must not throw, after every ring of the topic from now on, until it is closed. */
export function onRing(bell: Bell, topic: string, work: () => void): { close(): void } {
  const closed = new AbortController()
  const { signal } = closed
  const listener = bell.listen(topic, signal)
  const hear = async () => {
    while (!signal.aborted) {
      await listener.next()
      if (!signal.aborted) work()
    }
  }
  void hear()
  return { close: () => closed.abort() }
}
