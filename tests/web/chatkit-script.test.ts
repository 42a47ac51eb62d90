import { expect, test, vi } from 'vitest'
import { loadChatKit } from '../../web/app/routes/dashboard.chat/chatkit-script.ts'
import { cleanUp } from '../support/cleaning.ts'

test("a host of ChatKit's script that swallows requests is waited for five seconds; the next try asks anew", async () => {
  const asked: object[] = []
  const append = (script: object) => asked.push(script)
  vi.stubGlobal('document', { createElement: () => ({ remove: () => {} }), head: { append } })
  vi.stubGlobal('customElements', { get: () => undefined, whenDefined: () => new Promise(() => {}) })
  vi.useFakeTimers()
  cleanUp(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const outcomes: string[] = []
  void loadChatKit().then((it) => outcomes.push(it))
  await vi.advanceTimersByTimeAsync(4_900)
  expect(outcomes).toEqual([])
  await vi.advanceTimersByTimeAsync(100)
  expect(outcomes).toEqual(['timeout'])
  void loadChatKit()
  expect(asked).toHaveLength(2)
})
