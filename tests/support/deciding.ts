import { type StreamEvent, until } from './events.ts'
import type { User } from './user.ts'

export type Decision = { decision: 'APPROVE' | 'DENY'; arguments?: unknown; reason?: string }

/** What a person says about a call that waits for them. */
export async function decides(user: User, toolCallId: string, decision: Decision) {
  const { decideToolCall } = await user.mutate<{
    decideToolCall: { toolCall: { id: string; status: string; denialReason: string | null } }
  }>(
    'mutation ($input: DecideToolCallInput!) { decideToolCall(input: $input) { toolCall { id status denialReason } } }',
    { input: { toolCallId, ...decision } },
  )
  return decideToolCall.toolCall
}

/** The calls that wait for a person. A replay shows each as it is now, so one may be told more than once. */
const waitingIn = (events: StreamEvent[]) => [
  ...new Set(
    events.flatMap((it) =>
      it.__typename === 'ToolCallChanged' && it.toolCall.status === 'AWAITING_APPROVAL' ? [it.toolCall.id] : [],
    ),
  ),
]

/** Follows until so many calls wait for a person and nobody works on the run; gives the calls in their order. */
export async function asked(
  user: User,
  it: { run: { id: string }; conversation: { id: string } },
  count = 1,
): Promise<string[]> {
  const events = await until(user.follows(it.run), (_, soFar) => waitingIn(soFar).length === count)
  for await (const event of user.follows(it.conversation))
    if (event.__typename === 'ConversationUpdated') {
      const { node } = await user.query<{ node: { status: string } }>(
        'query ($id: ID!) { node(id: $id) { ... on Run { status } } }',
        { id: it.run.id },
      )
      if (node.status === 'AWAITING_APPROVAL') break
    }
  return waitingIn(events).toSorted() // ids grow with the calls' places
}
