import type { Page, Thread, ThreadItem } from '../../api/chatkit/protocol.ts'
import type { User } from '../support/user.ts'
import { answerFaults, eventFaults, type WireEvent } from './conformance.ts'

/** What a person does in ChatKit. Whatever comes back is checked against the wire's schemas on the way. */
export function chatkitOf(user: Pick<User, 'chatkit'>) {
  /** Any request without a stream. Throws when it is refused. */
  async function ask<T>(type: string, params: object): Promise<T> {
    const answer = await user.chatkit({ type, params })
    const value = await answer.json()
    if (answer.status !== 200) throw new Error(`${type}: HTTP ${answer.status} ${JSON.stringify(value)}`)
    const faults = answerFaults(type, value)
    if (faults.length > 0) throw new Error(faults.join('\n'))
    return value as T
  }

  /** Posts a request that is answered by a stream, and gives the stream, unread. */
  async function opens(request: object, options: { signal?: AbortSignal; headers?: Record<string, string> } = {}) {
    const answer = await user.chatkit(request, options)
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status} ${JSON.stringify(await answer.json())}`)
    async function* checked(): AsyncGenerator<WireEvent, void> {
      for await (const event of answer.events<WireEvent>()) {
        const faults = eventFaults(event)
        if (faults.length > 0) throw new Error(faults.join('\n'))
        yield event
      }
    }
    return { headers: answer.headers, runId: answer.headers.get('x-parley-run') ?? '', events: checked() }
  }

  /** Posts a message and gives the stream, unread. */
  const posts = (text: string, options: { thread?: string; model?: string; signal?: AbortSignal } = {}) =>
    opens(messageRequest(text, options), options)

  return {
    ask,
    opens,
    posts,
    /** Any request with a stream, heard to its end. */
    async hears(type: string, params: { thread_id: string; [param: string]: unknown }) {
      const { events, ...post } = await opens({ type, params })
      return { ...post, ...exchange(await Array.fromAsync(events), params.thread_id) }
    },
    /** Says something and hears the answer to its end. */
    async says(text: string, options: { thread?: string; model?: string } = {}) {
      const { events, ...post } = await posts(text, options)
      return { ...post, ...exchange(await Array.fromAsync(events), options.thread) }
    },
    threads: (params: object = {}) => ask<Page<Thread>>('threads.list', params),
    thread: (id: string) => ask<Thread>('threads.get_by_id', { thread_id: id }),
    items: (id: string, params: object = {}) => ask<Page<ThreadItem>>('items.list', { thread_id: id, ...params }),
  }
}

export function messageRequest(text: string, { thread, model }: { thread?: string; model?: string } = {}) {
  const input = {
    content: [{ type: 'input_text', text }],
    attachments: [],
    quoted_text: '',
    inference_options: model === undefined ? {} : { model },
  }
  return thread === undefined
    ? { type: 'threads.create', params: { input } }
    : { type: 'threads.add_user_message', params: { thread_id: thread, input } }
}

/** What a whole stream left on the page. */
export function exchange(events: WireEvent[], thread?: string) {
  const created = events.find(({ type }) => type === 'thread.created') as { thread?: Thread } | undefined
  const done = events.filter(({ type }) => type === 'thread.item.done').map(({ item }) => item as unknown as ThreadItem)
  return { events, thread: created?.thread?.id ?? thread ?? '', done, text: textsOf(done).at(-1) ?? '' }
}

/** The texts of all messages among these items. */
export function textsOf(items: readonly ThreadItem[]): string[] {
  return items.flatMap((item) => ('content' in item ? [item.content.map(({ text }) => text).join('')] : []))
}

/** The deltas so far. */
export function spoken(events: readonly WireEvent[]): string {
  return events.map(({ update }) => (typeof update?.delta === 'string' ? update.delta : '')).join('')
}

/** Reads until this was said, and stays: the rest can be read later. */
export async function hear(events: AsyncGenerator<WireEvent, void>, text: string): Promise<WireEvent[]> {
  const soFar: WireEvent[] = []
  while (spoken(soFar) !== text) {
    const next = await events.next()
    if (next.done) throw new Error(`The stream ended before ${text}: ${JSON.stringify(soFar)}`)
    soFar.push(next.value)
  }
  return soFar
}
