/**
 * What can happen while an answer is made: the vocabulary of the loop, the log and all doors. Finished things are named
 * by id: readers look them up, so they are shown as they are now.
 *
 * Order within a run: `run.started`; for each turn `message.started`, any number of `message.delta`, `message.completed`,
 * then `tool-call.changed` once per step of each call; at the very end, always and once, `run.ended`. `message.reset`
 * starts the text of a message over, and only that (another server took over): no second `message.started` follows.
 * `model.busy` may stand before any turn.
 */
export type RunEvent = FinishedEvent | { type: 'message.delta'; messageId: string; text: string }

/** Stored before it is told. */
export type FinishedEvent =
  | { type: 'run.started'; messageId: string }
  /** The provider of the model wants us to wait, until then (ISO, UTC). Whatever comes next ends the wait. */
  | { type: 'model.busy'; until: string }
  | { type: 'message.started'; messageId: string }
  | { type: 'message.reset'; messageId: string }
  | { type: 'message.completed'; messageId: string }
  | { type: 'tool-call.changed'; toolCallId: string }
  | { type: 'run.ended' }

/** A row of the log: a finished event, or neighbouring deltas of one message, whose numbers end at the row's `lastSeq`. */
export type StoredEvent = FinishedEvent | { type: 'deltas'; messageId: string; texts: string[] }

/** Where a run's log stands. Ordered by attempt, then by number. */
export type Position = { attempt: number; seq: number }
