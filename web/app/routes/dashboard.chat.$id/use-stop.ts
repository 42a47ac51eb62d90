import { useState } from 'react'
import { mutate } from '~/api.ts'
import type { ChatRun } from '~/conversation-state.ts'
import { sentenceOf } from '~/failure.ts'
import { Stop } from '~/sending.ts'

/** Stops a run. That it ended is told by its events, and by `onStopped` with the answer. */
export function useStop(run: ChatRun | null, onStopped?: (run: ChatRun) => void) {
  const [asked, setAsked] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const stop = async () => {
    if (!run) return
    setAsked(run.id)
    setFailure(null)
    try {
      const { stopRun } = await mutate(Stop, { input: { runId: run.id } })
      if (stopRun) onStopped?.(stopRun.run)
    } catch (error) {
      setFailure(sentenceOf(error))
      setAsked(null)
    }
  }
  return { stop, stopping: run !== null && asked === run.id, failure }
}
