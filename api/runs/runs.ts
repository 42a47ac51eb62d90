import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Viewer } from '../auth/viewer.ts'
import type { Conversation } from '../conversations/conversation.entity.ts'
import type { Message } from '../conversations/message.entity.ts'
import type { Run } from './run.entity.ts'
import type { RunEvent } from './run-event.ts'

export type SendMessage = {
  /** Left out: a new conversation. */
  conversationId?: string
  content: string
  idempotencyKey?: string
  whenBusy?: 'REJECT' | 'QUEUE' | 'INTERRUPT'
  model?: string
}

export type Sent = { conversation: Conversation; message: Message; run: Run }

/** What a reader of a conversation is told. `cursor` is opaque: given back as `after`, reading goes on behind this event. */
export type Followed = {
  cursor: string
  conversationId: string
  /** Null for `conversation.updated`, which belongs to no run. */
  runId: string | null
  event: RunEvent | { type: 'conversation.updated' }
}

export type FollowOptions = { after?: string | null; signal: AbortSignal }

/** The use cases of runs. Row ids (UUIDs) in and out; unknown and foreign ids are NOT_FOUND. */
export interface Runs {
  /** Stores the message and the run that answers it in one transaction, then starts the run, which belongs to no request. */
  sendMessage(em: SqlEntityManager, viewer: Viewer, input: SendMessage): Promise<Sent>
  /** Asks the run to stop and waits up to a second for it; gives the run as it is then. The text so far stays. */
  stopRun(em: SqlEntityManager, viewer: Viewer, runId: string): Promise<Run>
  /** Stops what runs in it, then deletes the conversation and everything that hangs on it. */
  deleteConversation(
    em: SqlEntityManager,
    viewer: Viewer,
    conversationId: string,
  ): Promise<{ deletedMessages: number; deletedRuns: number }>
  /** Rejects before the first event when the run is not the viewer's or the cursor is wrong. Completes after `run.ended`. */
  followRun(viewer: Viewer, runId: string, options: FollowOptions): Promise<AsyncGenerator<Followed, void>>
  /** The same for everything that happens in a conversation, until the signal aborts. Begins with `conversation.updated`. */
  followConversation(
    viewer: Viewer,
    conversationId: string,
    options: FollowOptions,
  ): Promise<AsyncGenerator<Followed, void>>
  /** Stops taking work, lets runs finish for the drain time, hands the rest over. */
  close(): Promise<void>
}

/** Where the log of this conversation stands, as `Conversation.eventCursor`: from the row alone, so it is never ahead of it. */
export declare function eventCursor(conversation: Conversation): string
