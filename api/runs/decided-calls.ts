import type { ToolCall } from './tool-call.entity.ts'

/** Calls of a run about which a person has decided, and which were not told of that yet. */
export const decided = (runId: string, userId: string) => ({
  ...{ runId, userId, status: 'AWAITING_APPROVAL' as const },
  decision: { $ne: null },
})

/** What becomes of a call that waited. */
export function afterDecision(decision: ToolCall['decision']): { status: 'DENIED' | 'PENDING'; finishedAt?: Date } {
  return decision === 'DENY' ? { status: 'DENIED', finishedAt: new Date() } : { status: 'PENDING' }
}
