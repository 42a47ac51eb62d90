import type { Run } from './run.entity.ts'

/** Who goes first of those that wait in a conversation: who interrupts, the newest foremost; then as they were asked for. */
export function inQueueOrder(a: Pick<Run, 'id' | 'ahead'>, b: Pick<Run, 'id' | 'ahead'>): number {
  if (a.ahead !== b.ahead) return a.ahead ? -1 : 1
  return a.id < b.id === a.ahead ? 1 : -1
}
