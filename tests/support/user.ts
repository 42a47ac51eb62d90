import { randomUUID } from 'node:crypto'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type DocumentNode, print } from 'graphql'
import { createClient, NetworkError } from 'graphql-sse'
import { isPrivate, isSecret } from './credentials.ts'
import { dataOf, type StreamEvent, streamEventFields, textOf, until } from './events.ts'

/** A refusal by the API, with the code that it gave. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string | undefined
  readonly status: number | undefined
  readonly errors: readonly RefusalError[]

  constructor(errors: readonly RefusalError[], status?: number) {
    super(errors.map((it) => it.message).join('\n') || `HTTP ${status}`)
    this.code = errors[0]?.extensions?.code
    this.errors = errors
    this.status = status
  }
}

type RefusalError = { message: string; path?: readonly (string | number)[]; extensions?: { code?: string } }
type Answer = { data?: unknown; errors?: readonly RefusalError[] | undefined }
type Identified = string | { id: string }
type Variables = Record<string, unknown>

/** What `asks` gives back. */
export type Asked = {
  conversation: { id: string; title: string }
  message: { id: string; sequence: number; content: string }
  run: { id: string; status: string }
}

export type AskOptions = {
  conversation?: Identified
  idempotencyKey?: string
  whenBusy?: 'REJECT' | 'QUEUE' | 'INTERRUPT'
  model?: string
  timeZone?: string
}

export type ViewerEvent =
  | { __typename: 'TaskChanged'; taskId: string; task: { id: string; title: string } | null }
  | { __typename: 'ConversationChanged'; conversationId: string; conversation: { id: string; title: string } | null }

export type ChatkitAnswer = {
  status: number
  headers: Headers
  /** What a request without a stream was answered. */
  json(): Promise<unknown>
  /** The events of a stream. */
  events<T = Record<string, unknown>>(): AsyncGenerator<T, void>
}

export type User = Awaited<ReturnType<typeof signUp>>

export const password = 'correct horse battery staple'

/** Signs a new user up at this address (`http://localhost:3000`), as the page does. The name is for reading; the e-mail is unique. */
export async function signUp(url: string, name = 'ada', email = `${name}-${randomUUID()}@example.test`) {
  const cookie = await authenticate(url, 'sign-up', { name, email, password })
  return signedIn(url, cookie, { name, email })
}

/** The same user in another browser. */
export async function signIn(url: string, { email, name }: { email: string; name: string }) {
  return signedIn(url, await authenticate(url, 'sign-in', { email, password }), { name, email })
}

/** The same browser at another address of the same service. */
export function at(url: string, { headers, name, email }: User): User {
  return signedIn(url, headers.cookie, { name, email })
}

async function authenticate(url: string, way: 'sign-up' | 'sign-in', body: object): Promise<string> {
  const response = await fetch(`${url}/api/auth/${way}/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${way}: HTTP ${response.status} ${await response.text()}`)
  return response.headers
    .getSetCookie()
    .map((it) => it.split(';', 1)[0])
    .join('; ')
}

function signedIn(url: string, cookie: string, { name, email }: { name: string; email: string }) {
  const headers = { cookie, origin: url }
  // As it is stored; in the cookie a signature follows.
  isSecret(/session_token=([^.;]+)/.exec(cookie)?.[1] ?? cookie)
  const sse = createClient({ url: `${url}/graphql`, headers, retryAttempts: 0 })
  const idOf = (it: Identified) => (typeof it === 'string' ? it : it.id)

  /** Any request as this person's browser makes it. */
  function request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, url), {
      ...init,
      headers: { ...headers, ...Object.fromEntries(new Headers(init.headers)) },
    })
  }

  /** Runs a document and gives its data. Throws Refused for any error in the answer. */
  async function execute<D = Record<string, never>, V extends Variables = Variables>(
    document: string | TypedDocumentNode<D, V>,
    variables?: V,
  ): Promise<D> {
    const response = await request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query: text(document), variables }),
    })
    const answer = parse(await response.text())
    if (answer.errors || !answer.data) throw new Refused(answer.errors ?? [], response.status)
    return answer.data as D
  }

  /** A subscription over SSE: each answer's data, until the stream ends or the loop is left. Throws Refused. */
  async function* subscribe<D>(document: string | TypedDocumentNode<D, Variables>, variables: Variables = {}) {
    const answers = sse.iterate<D>({ query: text(document), variables })
    try {
      for await (const { data, errors } of answers) {
        if (errors || !data) throw new Refused((errors ?? []) as readonly RefusalError[])
        yield data as D
      }
    } catch (error) {
      throw error instanceof NetworkError ? await refusalOf(error) : error
    } finally {
      await answers.return?.()
    }
  }

  /** Everything that happens in a run or a conversation, as it happens; `after` a cursor, what came behind it. */
  async function* follows(it: Identified, { after }: { after?: string } = {}): AsyncGenerator<StreamEvent, void> {
    const field = idOf(it).startsWith('run_') ? 'runEvents' : 'conversationEvents'
    const argument = field === 'runEvents' ? 'runId' : 'conversationId'
    const document = `subscription ($id: ID!, $after: String) {
      events: ${field}(${argument}: $id, after: $after) { ...StreamEvent }
    } ${streamEventFields}`
    for await (const { events } of subscribe<{ events: StreamEvent }>(document, { id: idOf(it), after })) yield events
  }

  return {
    name,
    email,
    url,
    /** What a browser sends to be known. */
    headers,
    request,
    query: execute,
    mutate: execute,
    subscribe,
    follows,

    /** Sends a message, into a new conversation if none is named. The answer is then being made. */
    async asks(content: string, { conversation, ...options }: AskOptions = {}): Promise<Asked> {
      isPrivate(content)
      const input = { content, ...options, ...(conversation && { conversationId: idOf(conversation) }) }
      const { sendMessage } = await execute<{ sendMessage: Asked }>(
        `mutation ($input: SendMessageInput!) {
          sendMessage(input: $input) { conversation { id title } message { id sequence content } run { id status } }
        }`,
        { input },
      )
      return sendMessage
    },

    /** Waits until this text stands on the page of someone who follows; gives the events up to then. */
    sees(it: Identified, wanted: string, options: { after?: string } = {}): Promise<StreamEvent[]> {
      return untilText(follows(it, options), wanted)
    },

    /** Sends a message and waits for the whole answer. */
    async hears(content: string, options: AskOptions = {}): Promise<Asked & { events: StreamEvent[]; text: string }> {
      const asked = await this.asks(content, options)
      const events = await Array.fromAsync(follows(asked.run))
      return { ...asked, events, text: await textOf(events) }
    },

    async stops(run: Identified): Promise<{ id: string; status: string }> {
      const { stopRun } = await execute<{ stopRun: { run: { id: string; status: string } } }>(
        'mutation ($input: StopRunInput!) { stopRun(input: $input) { run { id status } } }',
        { input: { runId: idOf(run) } },
      )
      return stopRun.run
    },

    /** Hints that something of theirs changed, as a page hears them. */
    async *notices(): AsyncGenerator<ViewerEvent, void> {
      const document = `subscription { viewerEvents {
        __typename
        ... on TaskChanged { taskId task { id title } }
        ... on ConversationChanged { conversationId conversation { id title } }
      } }`
      for await (const { viewerEvents } of subscribe<{ viewerEvents: ViewerEvent }>(document)) yield viewerEvents
    },

    /** A JWT for programs. */
    async token(): Promise<string> {
      const response = await request('/api/auth/token')
      if (!response.ok) throw new Error(`token: HTTP ${response.status}`)
      const { token }: { token: string } = await response.json()
      isSecret(token)
      return token
    },

    /** A request as ChatKit posts it through the page's fetch. Abort the signal to leave. */
    async chatkit(
      body: object,
      { signal, headers }: { signal?: AbortSignal; headers?: Record<string, string> } = {},
    ): Promise<ChatkitAnswer> {
      const response = await request('/chatkit', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        ...(signal && { signal }),
      })
      const { status } = response
      return { status, headers: response.headers, json: () => response.json(), events: () => dataOf(response) }
    },

    async signsOut(): Promise<void> {
      const response = await request('/api/auth/sign-out', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      if (!response.ok) throw new Error(`sign-out: HTTP ${response.status}`)
    },
  }
}

function text(document: string | DocumentNode | TypedDocumentNode): string {
  return typeof document === 'string' ? document : print(document)
}

function parse(body: string): Answer {
  try {
    return JSON.parse(body)
  } catch {
    return { errors: [{ message: body }] }
  }
}

async function refusalOf(error: NetworkError): Promise<unknown> {
  const { response } = error as NetworkError<Response>
  return response ? new Refused(parse(await response.text()).errors ?? [], response.status) : error
}

async function untilText(events: AsyncIterable<StreamEvent>, wanted: string): Promise<StreamEvent[]> {
  let shown = ''
  return until(events, (event) => {
    if (event.__typename === 'MessageReset') shown = ''
    if (event.__typename === 'MessageDelta') shown += event.delta
    if (event.__typename === 'MessageCompleted') shown += `\n${event.message.content}`
    return shown.includes(wanted)
  })
}
