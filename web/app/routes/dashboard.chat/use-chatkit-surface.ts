import { useCallback, useEffect, useRef, useState } from 'react'
import { type ChatKitFailure, loadChatKit } from './chatkit-script.ts'
import type { SurfaceNote } from './surface.ts'

const readyWithinMs = 5000

/** A trial that fails at once is seen to have been one. */
const triesForMs = 700

/** `left`: it could be shown, but the person is at work in the panel. */
type Step = 'waiting' | 'loaded' | 'mounted' | 'shown' | 'left' | ChatKitFailure

const chatkitSteps: readonly Step[] = ['loaded', 'mounted', 'shown']
const tryingSteps: readonly Step[] = ['waiting', 'loaded', 'mounted']

/**
 * Brings ChatKit up behind the built-in panel, which works from the first paint on. ChatKit takes its place once it is ready,
 * unless the person has begun to use the panel; every way in which it can fail ends with the panel and a sentence.
 */
export function useChatKitSurface(wanted: boolean) {
  const [step, setStep] = useState<Step>('waiting')
  const [{ attempt, again }, setAttempt] = useState({ attempt: 0, again: false })
  const claimed = useRef(false)

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt starts over
  useEffect(() => {
    if (!wanted) return setStep('waiting')
    let current = true
    const pause = again && new Promise((resolve) => setTimeout(resolve, triesForMs))
    void Promise.all([loadChatKit(), pause]).then(([outcome]) => {
      if (current) setStep(outcome === 'defined' ? 'loaded' : outcome)
    })
    return () => {
      current = false
    }
  }, [wanted, attempt])

  useEffect(() => {
    if (step !== 'mounted') return
    const timer = setTimeout(() => setStep('not-ready'), readyWithinMs)
    return () => clearTimeout(timer)
  }, [step])

  const trying = tryingSteps.includes(step)
  const failed = !trying && step !== 'shown' && step !== 'left'
  const note: SurfaceNote = !wanted
    ? { kind: 'chosen' }
    : failed
      ? { kind: 'failed', why: step as ChatKitFailure, again }
      : { kind: trying && again ? 'trying' : 'none' }
  return {
    mounted: wanted && chatkitSteps.includes(step),
    shown: wanted && step === 'shown',
    note,
    claim: useCallback(() => {
      claimed.current = true
    }, []),
    /** ChatKit is on the page: from now on it has its time to be ready. */
    onMounted: useCallback(() => setStep((it) => (it === 'loaded' ? 'mounted' : it)), []),
    onReady: () => {
      setStep((it) => (it !== 'mounted' ? it : claimed.current ? 'left' : 'shown'))
      setAttempt((it) => ({ ...it, again: false }))
    },
    onFailed: (why: ChatKitFailure = 'frame-error') => setStep(why),
    tryAgain: () => {
      claimed.current = false
      setStep('waiting')
      setAttempt(({ attempt }) => ({ attempt: attempt + 1, again: failed }))
    },
  }
}
