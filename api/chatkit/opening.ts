import type { Conversation } from '../conversations/conversation.entity.ts'
import type { Run } from '../runs/run.entity.ts'
import { AnswerTranslation } from './answer-translation.ts'
import type { ThreadEvent } from './protocol.ts'
import type { ChatkitWords } from './words.ts'

/** How a stream begins, and the run that it then tells about. */
export type Opening = {
  /** As the page knows it: what changes of it is told. */
  conversation: Conversation
  run: Run
  events: ThreadEvent[]
  translation: AnswerTranslation
  /** What the page has been told of the run; left out: nothing. */
  after?: string
  /** Of the request that may be repeated until this stream was served to its end. */
  key?: string
}

/** The stream of an answer that begins now. */
export function newAnswer(
  { conversation, run, key }: Pick<Opening, 'conversation' | 'run' | 'key'>,
  before: ThreadEvent[],
  words: ChatkitWords,
): Opening {
  return { conversation, run, events: [...before, mayBeStopped], translation: new AnswerTranslation(words), key }
}

export const mayBeStopped: ThreadEvent = { type: 'stream_options', stream_options: { allow_cancel: true } }
