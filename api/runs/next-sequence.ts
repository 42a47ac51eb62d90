import type { SqlEntityManager } from '@mikro-orm/sql'

/** Numbers a message within the caller's transaction, which holds the conversation's row. */
export async function nextSequence(
  em: SqlEntityManager,
  of: { conversationId: string; userId: string },
): Promise<number> {
  const [row] = await em.execute<{ last_sequence: number }[]>(
    'update conversation set last_sequence = last_sequence + 1 where id = ? and user_id = ? returning last_sequence',
    [of.conversationId, of.userId],
  )
  if (!row) throw new Error('The conversation of this message is gone.')
  return row.last_sequence
}
