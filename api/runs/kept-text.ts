import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Run } from './run.entity.ts'
import type { StoredEvent } from './run-event.ts'

/** What the log has of a message: the text since its last reset, or before it when nothing came after. */
export async function keptText(em: SqlEntityManager, run: Run, messageId: string): Promise<string> {
  const rows = await em.execute<{ event: StoredEvent }[]>(
    'select event from run_event where run_id = ? and user_id = ? order by attempt, last_seq',
    [run.id, run.userId],
  )
  let text = ''
  let previous = ''
  for (const { event } of rows) {
    if (event.type === 'message.reset' && event.messageId === messageId) {
      previous = text || previous
      text = ''
    }
    if (event.type === 'deltas' && event.messageId === messageId) text += event.texts.join('')
  }
  return text || previous
}
