import { setTimeout as sleep } from 'node:timers/promises'
import type { StreamEvent } from './events.ts'
import { Refused, type User } from './user.ts'

/** What breaks a stream without ending it: the reader goes on behind its last cursor. */
const resumable = new Set([
  'DRAINING',
  'MAX_AGE',
  'SLOW_CONSUMER',
  'STORAGE_UNAVAILABLE',
  'AUTH_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
])

export type SteadyReader = {
  /** Everything that was heard, in order, over all breaks. */
  events: StreamEvent[]
  /** How often it had to begin again. */
  breaks: number
  /** Resolves with all events when the run has ended (or `until` says so); rejects when it cannot go on. */
  done: Promise<StreamEvent[]>
  /** Resolves when such an event was heard. */
  hears(shows: (event: StreamEvent) => boolean): Promise<StreamEvent>
}

/** Follows as a page does: after any break it resumes with its last cursor, each time at the address that `as` names then. */
export function followsOn(
  as: (breaks: number) => User,
  it: { id: string } | string,
  {
    after,
    until = (event) => event.__typename === 'RunEnded',
  }: { after?: string; until?: (event: StreamEvent) => boolean } = {},
): SteadyReader {
  const events: StreamEvent[] = []
  const waiting = new Set<() => void>()
  const reader: SteadyReader = {
    events,
    breaks: 0,
    done: follow(),
    hears: (shows) =>
      new Promise((resolve, reject) => {
        let looked = 0
        const look = () => {
          while (looked < events.length) {
            const event = events[looked++]
            if (!event || !shows(event)) continue
            waiting.delete(look)
            return resolve(event)
          }
        }
        waiting.add(look)
        look()
        reader.done.then(
          () => reject(new Error(`It was never heard, only ${JSON.stringify(events)}`)),
          (error: unknown) => reject(error),
        )
      }),
  }
  reader.done.catch(() => {})
  return reader

  async function follow(): Promise<StreamEvent[]> {
    await Promise.resolve() // until `reader` is there
    for (;;) {
      try {
        const cursor = events.at(-1)?.cursor ?? after
        for await (const event of as(reader.breaks).follows(it, cursor === undefined ? {} : { after: cursor })) {
          events.push(event)
          for (const look of waiting) look()
          if (until(event)) return events
        }
        if (events.some(until)) return events
        throw new Error(`The stream was completed after ${JSON.stringify(events.at(-1))}`)
      } catch (error) {
        if (error instanceof Refused && error.code && !resumable.has(error.code)) throw error
        if (error instanceof Error && /^The stream was completed/.test(error.message)) throw error
        reader.breaks++
        await sleep(20)
      }
    }
  }
}

/** What was told, in order, so that two readers can be compared: joined deltas are one, and how things looked then does not count. */
export function told(events: readonly StreamEvent[]): string[] {
  const lines: string[] = []
  let text: { id: string; said: string } | undefined
  const add = (line: string) => {
    if (text) lines.push(`${text.id} says ${text.said}`)
    text = undefined
    lines.push(line)
  }
  for (const event of events) {
    if (event.__typename === 'MessageDelta') {
      if (text && text.id !== event.messageId) lines.push(`${text.id} says ${text.said}`)
      text = { id: event.messageId, said: (text?.id === event.messageId ? text.said : '') + event.delta }
    } else if (event.__typename !== 'ConversationUpdated') add(`${event.__typename} ${subjectOf(event)}`)
  }
  if (text) lines.push(`${text.id} says ${text.said}`)
  return lines
}

function subjectOf(event: Exclude<StreamEvent, { __typename: 'ConversationUpdated' | 'MessageDelta' }>): string {
  if (event.__typename === 'MessageReset') return event.messageId
  if (event.__typename === 'ToolCallChanged') return event.toolCall.id
  if (event.__typename === 'ModelBusy') return ''
  return 'run' in event ? event.run.id : event.message.id
}
