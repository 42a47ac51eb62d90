import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'

/** What the API tells a follower, as `user.ts` asks for it. */
export type StreamEvent = { cursor: string } & (
  | { __typename: 'ConversationUpdated'; conversation: { id: string; title: string; activeRun: { id: string } | null } }
  | { __typename: 'RunStarted'; run: StreamedRun; message: StreamedMessage }
  | { __typename: 'ModelBusy'; retryAfterMs: number }
  | { __typename: 'MessageStarted'; message: StreamedMessage }
  | { __typename: 'MessageDelta'; messageId: string; delta: string }
  | { __typename: 'MessageReset'; messageId: string }
  | { __typename: 'MessageCompleted'; message: StreamedMessage }
  | { __typename: 'ToolCallChanged'; toolCall: StreamedToolCall }
  | { __typename: 'RunEnded'; run: StreamedRun }
)

export type StreamedRun = {
  id: string
  status: string
  attempt: number
  error: { code: string; message: string; retryable: boolean } | null
}

export type StreamedMessage = {
  id: string
  sequence: number
  role: string
  status: string
  content: string
  toolCalls: StreamedToolCall[]
}

export type StreamedToolCall = {
  id: string
  name: string
  server: string
  arguments: unknown
  status: string
  result: unknown
  error: { code: string; message: string } | null
}

/** The fields of the types above. */
export const streamEventFields = /* GraphQL */ `
  fragment StreamedRun on Run { id status attempt error { code message retryable } }
  fragment StreamedToolCall on ToolCall { id name server arguments status result error { code message } }
  fragment StreamedMessage on Message { id sequence role status content toolCalls { ...StreamedToolCall } }
  fragment StreamEvent on ConversationEvent {
    __typename
    cursor
    ... on ConversationUpdated { conversation { id title activeRun { id } } }
    ... on RunStarted { run { ...StreamedRun } message { ...StreamedMessage } }
    ... on ModelBusy { retryAfterMs }
    ... on MessageStarted { message { ...StreamedMessage } }
    ... on MessageDelta { messageId delta }
    ... on MessageReset { messageId }
    ... on MessageCompleted { message { ...StreamedMessage } }
    ... on ToolCallChanged { toolCall { ...StreamedToolCall } }
    ... on RunEnded { run { ...StreamedRun } }
  }
`

/** Reads a stream to its end. */
export function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(events)
}

/** Reads until something shows, then leaves. Throws when the stream ends before it does. */
export async function until<T>(events: AsyncIterable<T>, shows: (event: T, soFar: T[]) => boolean): Promise<T[]> {
  const soFar: T[] = []
  for await (const event of events) {
    soFar.push(event)
    if (shows(event, soFar)) return soFar
  }
  throw new Error(`The stream ended before it showed: ${JSON.stringify(soFar)}`)
}

/** What a reader has on the page in the end: the texts of all messages, in order. */
export async function textOf(events: AsyncIterable<StreamEvent> | Iterable<StreamEvent>): Promise<string> {
  return [...textsOf(await Array.fromAsync(events)).values()].join('')
}

/** The same per message. A reset takes the text of its message back; a text that no delta told comes with its completion. */
export function textsOf(events: Iterable<StreamEvent>): Map<string, string> {
  const texts = new Map<string, string>()
  for (const event of events) {
    if (event.__typename === 'MessageReset') texts.set(event.messageId, '')
    if (event.__typename === 'MessageDelta')
      texts.set(event.messageId, (texts.get(event.messageId) ?? '') + event.delta)
    if (event.__typename === 'MessageCompleted' && !texts.has(event.message.id))
      texts.set(event.message.id, event.message.content)
  }
  return texts
}

/** The `data:` payloads of a text/event-stream response, parsed. Leaving the loop closes the connection. */
export async function* dataOf<T>(response: Response): AsyncGenerator<T, void> {
  if (!response.body) return
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of Readable.fromWeb(response.body as ReadableStream)) {
    const text = decoder.decode(bytes, { stream: true })
    const blocks = (rest + text).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split(/\r?\n/).filter((line) => line.startsWith('data:'))
      if (lines.length > 0) yield JSON.parse(lines.map((line) => line.slice(5).trimStart()).join('\n'))
    }
  }
}
