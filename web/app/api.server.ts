import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type AppLoadContext, data } from '@remix-run/node'
import { print } from 'graphql'
import { onBehalfOf, toSignIn } from './session.server.ts'

type Answer<Data> = { data?: Data | null; errors?: { message: string; extensions?: { code?: string } }[] }

/**
 * GraphQL for loaders and actions, as the person who asks for the page. Who is not signed in is led to sign-in; any other
 * refusal is thrown as a response for the page's error boundary.
 */
export function apiFor({ request, context }: { request: Request; context: AppLoadContext }) {
  return async <Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> => {
    const response = await context.api(onBehalfOf(request, '/graphql', { query: print(document), variables }))
    const answer = await readAnswer<Data>(response)
    const code = answer.errors?.[0]?.extensions?.code
    if (response.status === 401 || code === 'UNAUTHENTICATED') throw toSignIn(request)
    if (answer.errors?.length || !answer.data) throw data(code ?? 'INTERNAL_SERVER_ERROR', { status: statusOf(code) })
    return answer.data
  }
}

async function readAnswer<Data>(response: Response): Promise<Answer<Data>> {
  try {
    return await response.json()
  } catch {
    return {}
  }
}

function statusOf(code: string | undefined): number {
  if (code === 'NOT_FOUND') return 404
  if (code === 'RATE_LIMITED' || code === 'QUOTA_EXCEEDED') return 429
  return code && code !== 'INTERNAL_SERVER_ERROR' ? 503 : 500
}
