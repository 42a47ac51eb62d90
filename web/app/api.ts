import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { authExchange } from '@urql/exchange-auth'
import { useSyncExternalStore } from 'react'
import { type AnyVariables, type CombinedError, createClient, fetchExchange } from 'urql'
import { Failure, inWords } from './failure.ts'

const giveUpAfterMs = 30_000

let held: { token: string; renewAt: number } | null = null
let asked: Promise<string> | null = null

/**
 * The token that this page shows to the API: kept in memory alone, asked for once however many want it. Renewed after half
 * its life: an answer may be told for minutes, and is told no longer than the token lives. Rejects with UNAUTHENTICATED
 * when the person's session is over, with NETWORK when nobody answers.
 */
export function accessToken({ renew = false } = {}): Promise<string> {
  if (!renew && held && Date.now() < held.renewAt) return Promise.resolve(held.token)
  asked ??= askForToken().finally(() => {
    asked = null
  })
  return asked
}

async function askForToken(): Promise<string> {
  const response = await fetch('/api/auth/token', { signal: AbortSignal.timeout(giveUpAfterMs) }).catch(() => null)
  if (response?.status === 401) {
    setSignedOut(true)
    throw new Failure('UNAUTHENTICATED', inWords('UNAUTHENTICATED'))
  }
  if (!response?.ok) throw new Failure('NETWORK', inWords('NETWORK'))
  const { token } = (await response.json()) as { token: string }
  held = { token, renewAt: Date.now() + lifeOf(token) / 2 }
  setSignedOut(false)
  return token
}

/** How long the token lives from now on, by its own account: the browser's clock may be wrong, the difference is not. */
function lifeOf(token: string): number {
  const payload = token.split('.')[1] ?? ''
  const { iat, exp } = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { iat: number; exp: number }
  return (exp - iat) * 1000
}

/** Forgets the token, so that the next page's person cannot use it. */
export function forgetToken(): void {
  held = null
}

let signedOut = false
const watchers = new Set<() => void>()

function setSignedOut(now: boolean) {
  if (signedOut === now) return
  signedOut = now
  for (const tell of watchers) tell()
}

/** Whether the session turned out to be over while this page was open. */
export function useSignedOut(): boolean {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell)
      return () => watchers.delete(tell)
    },
    () => signedOut,
    () => false,
  )
}

/** Used through `query` and `mutate`, and by urql's hooks on the signed-in pages. Made once in the browser. */
export const client = createClient({
  url: '/graphql',
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetch: (input, init) => {
    // The server renders pages too, for many people at once: there nothing may be asked with this one.
    if (typeof document === 'undefined') throw new Error('Loaders read for the first paint.')
    return fetch(input, { ...init, signal: anySignal(init?.signal, AbortSignal.timeout(giveUpAfterMs)) })
  },
  exchanges: [
    authExchange(async ({ appendHeaders }) => ({
      addAuthToOperation: (operation) =>
        held ? appendHeaders(operation, { authorization: `Bearer ${held.token}` }) : operation,
      willAuthError: () => !held || Date.now() >= held.renewAt,
      didAuthError: ({ graphQLErrors, response }) =>
        response?.status === 401 || graphQLErrors.some((it) => it.extensions.code === 'UNAUTHENTICATED'),
      refreshAuth: async () => {
        // A failure shows itself in the request that follows without a token.
        await accessToken({ renew: true }).catch(() => forgetToken())
      },
    })),
    fetchExchange,
  ],
})

const anySignal = (one: AbortSignal | null | undefined, other: AbortSignal) =>
  one ? AbortSignal.any([one, other]) : other

/** Reads something anew. Rejects with a `Failure`. */
export async function query<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return unwrap(await client.query(document, variables).toPromise())
}

/** Does something. Rejects with a `Failure`; with code NETWORK it may have been done all the same. */
export async function mutate<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return unwrap(await client.mutation(document, variables).toPromise())
}

function unwrap<Data>({ data, error }: { data?: Data; error?: CombinedError }): Data {
  if (error) throw failureOf(error)
  if (!data) throw new Failure('NETWORK', inWords('NETWORK'))
  return data
}

/** What went wrong with a request, in words for the person. */
export function failureOf({ graphQLErrors: [first], response }: CombinedError): Failure {
  const code = first ? String(first.extensions.code ?? 'INTERNAL_SERVER_ERROR') : codeOfStatus(response?.status)
  if (code === 'UNAUTHENTICATED') setSignedOut(true)
  return new Failure(code, inWords(code, first?.message))
}

const codeOfStatus = (status: number | undefined) => (status === 401 ? 'UNAUTHENTICATED' : 'NETWORK')
