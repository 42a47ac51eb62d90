import { useState } from 'react'
import { mutate } from '~/api.ts'
import type { Decision } from '~/components/tool-decision.ts'
import type { ChatRun, ConversationChange } from '~/conversation-state.ts'
import { sentenceOf } from '~/failure.ts'
import { newKey } from '~/new-key.ts'
import { Decide, SayAgain, Stop } from '~/sending.ts'

/** What one can do about the answer that is being made, or was. `failure` says what did not work. */
export function useRunActions(activeRun: ChatRun | null, change: (change: ConversationChange) => void) {
  const [stopAsked, setStopAsked] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)

  const attempt = async (lead: string, work: () => Promise<void>) => {
    setFailure(null)
    try {
      await work()
    } catch (error) {
      setFailure(`${lead} ${sentenceOf(error)}`)
    }
  }
  const stop = async () => {
    if (!activeRun) return
    setStopAsked(activeRun.id)
    await attempt('The answer could not be stopped.', async () => {
      const { stopRun } = await mutate(Stop, { input: { runId: activeRun.id } })
      if (stopRun) change({ type: 'run', run: stopRun.run })
    })
    setStopAsked(null)
  }
  /** The events of the new run say what it replaces. */
  const retry = (messageId: string) =>
    attempt('It could not be tried again.', async () => {
      const { retryMessage } = await mutate(SayAgain, { input: { messageId, idempotencyKey: newKey() } })
      if (retryMessage) change({ type: 'run', run: retryMessage.run })
    })
  const decide = (toolCallId: string, decision: Decision) =>
    attempt('That could not be decided.', async () => {
      const { decideToolCall } = await mutate(Decide, { input: { toolCallId, decision } })
      if (!decideToolCall) return
      const { message, ...toolCall } = decideToolCall.toolCall
      change({ type: 'tool call', messageId: message.id, toolCall })
    })
  return { stop, stopping: stopAsked !== null && stopAsked === activeRun?.id, retry, decide, failure }
}
