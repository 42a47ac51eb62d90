import type { EntityManager } from '@mikro-orm/core'
import type { Bell } from './bell.ts'

/**
 * Runs the work in one transaction with a bell that stays silent until the commit: whoever wakes finds the rows.
 * Rejects as the work does; then nothing is stored and nothing rings.
 */
export async function inTransaction<T, E extends EntityManager>(
  em: E,
  bell: Bell,
  work: (em: E, bell: Bell) => Promise<T>,
): Promise<T> {
  const rings: [string, string | undefined][] = []
  const held: Bell = {
    ring: (topic, hint) => void rings.push([topic, hint]),
    ringHere: (topic, hint) => bell.ringHere(topic, hint),
    listen: (topic, signal) => bell.listen(topic, signal),
    close: () => bell.close(),
  }
  const result = await em.transactional((inner) => work(inner as E, held))
  for (const [topic, hint] of rings) bell.ring(topic, hint)
  return result
}
