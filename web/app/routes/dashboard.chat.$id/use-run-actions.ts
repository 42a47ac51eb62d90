import { useState } from 'react'
import { mutate } from '~/api.ts'
import type { Decision, DecisionDetails } from '~/components/tool-decision.ts'
import type { ChatMessage, ChatRun, ConversationChange } from '~/conversation-state.ts'
import { sentenceOf } from '~/failure.ts'
import { words } from '~/language.tsx'
import type { Feedback } from '~/message-actions.ts'
import { newKey } from '~/new-key.ts'
import { Decide, Rate, SayAgain, SayInstead, Stop } from '~/sending.ts'

type Lead = 'notStopped' | 'notTakenBack' | 'notChanged' | 'notKept' | 'notTriedAgain' | 'notDecided'

/** What one can do about the answer that is being made, or was. `failure` says what did not work. */
export function useRunActions(activeRun: ChatRun | null, change: (change: ConversationChange) => void, model?: string) {
  const [stopAsked, setStopAsked] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)

  const attempt = async (lead: Lead, work: () => Promise<void>): Promise<boolean> => {
    setFailure(null)
    try {
      await work()
      return true
    } catch (error) {
      setFailure(words()(`chat.${lead}`, { reason: sentenceOf(error) }))
      return false
    }
  }
  const stop = async () => {
    if (!activeRun) return
    setStopAsked(activeRun.id)
    await attempt('notStopped', async () => {
      const { stopRun } = await mutate(Stop, { input: { runId: activeRun.id } })
      if (stopRun) change({ type: 'run', run: stopRun.run })
    })
    setStopAsked(null)
  }
  /** Whether it was taken back. */
  const takeBack = ({ id, run }: ChatMessage) =>
    attempt('notTakenBack', async () => {
      if (!run) return
      await mutate(Stop, { input: { runId: run.id, takeBack: true } })
      change({ type: 'taken back', messageId: id })
    })
  const edit = (messageId: string, content: string) =>
    attempt('notChanged', async () => {
      const input = { messageId, content, model, idempotencyKey: newKey() }
      const { editMessage } = await mutate(SayInstead, { input })
      if (!editMessage) return
      const { message, run } = editMessage
      if (run.status === 'QUEUED') change({ type: 'replaced', messageId, message })
      else change({ type: 'run', run })
    })
  const rate = async (messageId: string, feedback: Feedback | null) => {
    await attempt('notKept', async () => {
      const { rateMessage } = await mutate(Rate, { input: { messageId, feedback } })
      if (rateMessage) change({ type: 'rated', messageId, feedback: rateMessage.message.feedback })
    })
  }
  /** The events of the new run say what it replaces. */
  const retry = (messageId: string) =>
    attempt('notTriedAgain', async () => {
      const { retryMessage } = await mutate(SayAgain, { input: { messageId, model, idempotencyKey: newKey() } })
      if (retryMessage) change({ type: 'run', run: retryMessage.run })
    })
  const decide = async (toolCallId: string, decision: Decision, { args, reason }: DecisionDetails = {}) => {
    await attempt('notDecided', async () => {
      const input = { toolCallId, decision, arguments: args ?? undefined, reason: reason || undefined }
      const { decideToolCall } = await mutate(Decide, { input })
      if (!decideToolCall) return
      const { message, ...toolCall } = decideToolCall.toolCall
      change({ type: 'tool call', messageId: message.id, toolCall })
    })
  }
  const stopping = stopAsked !== null && stopAsked === activeRun?.id
  return { stop, stopping, takeBack, retry, edit, rate, decide, failure }
}
