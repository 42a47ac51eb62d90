import { createHash } from 'node:crypto'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { IdempotencyKey } from '../runs/idempotency.entity.ts'
import type { SendMessage } from '../runs/send-message.ts'

/**
 * ChatKit posts a message again by itself when no stream came back, and the protocol has no key by which to know it. So
 * the same words of the same person in the same place are one message, until its first stream was served to the end or
 * a minute has passed: then the key is forgotten, and who says the same thing again means it. The keys are those of all
 * idempotent requests, in the database: a repeat may reach another process.
 */
const repeatSeconds = 60

export function repeatKey(viewer: Viewer, type: string, { conversationId, content, model }: SendMessage): string {
  const said = JSON.stringify([viewer.id, type, conversationId ?? null, content, model ?? null])
  return `chatkit-${createHash('sha256').update(said).digest('hex')}`
}

/** From now on, the same request is a new message. */
export async function forgetRequest(em: SqlEntityManager, viewer: Viewer, key: string): Promise<void> {
  await em.nativeDelete(IdempotencyKey, { key, ...owned(viewer) })
}

/** The same for a key that is older than a repeat can be. */
export async function forgetOldRequest(em: SqlEntityManager, viewer: Viewer, key: string): Promise<void> {
  const createdAt = { $lt: new Date(Date.now() - repeatSeconds * 1_000) }
  await em.nativeDelete(IdempotencyKey, { key, createdAt, ...owned(viewer) })
}
