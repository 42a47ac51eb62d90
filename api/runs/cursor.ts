import type { Conversation } from '../conversations/conversation.entity.ts'
import { badInput } from '../errors.ts'
import type { Position } from './run-event.ts'

/** A place in the log of a conversation: behind number `seq` of attempt `attempt` of its run number `run`. */
export type Cursor = { conversationId: string; run: number } & Position

/** Opaque to readers: they keep the last one and give it back. */
export function writeCursor({ conversationId, run, attempt, seq }: Cursor): string {
  return Buffer.from(`${conversationId}/${run}/${attempt}/${seq}`).toString('base64url')
}

const form = /^([0-9a-f-]{36})\/(\d{1,9})\/(\d{1,9})\/(\d{1,9})$/

/** Throws BAD_USER_INPUT for what is not a cursor of this conversation. */
export function readCursor(text: string, conversationId: string): Cursor {
  const [, id, run, attempt, seq] =
    form.exec(text.length > 200 ? '' : Buffer.from(text, 'base64url').toString('latin1')) ?? []
  if (id !== conversationId) throw badInput(['after'], 'is not a cursor of this conversation')
  return { conversationId, run: Number(run), attempt: Number(attempt), seq: Number(seq) }
}

/** `Conversation.eventCursor`: taken from the row as it was read, so what is read after the row is never missed. */
export function eventCursor({ id, logRun, logAttempt, logSeq }: Conversation): string {
  return writeCursor({ conversationId: id, run: logRun, attempt: logAttempt, seq: logSeq })
}

/** The log is ordered by attempt, then by number. */
export function isBehind(position: Position, after: Position): boolean {
  return position.attempt > after.attempt || (position.attempt === after.attempt && position.seq > after.seq)
}
