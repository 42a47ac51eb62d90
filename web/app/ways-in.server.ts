import type { AppLoadContext } from '@remix-run/node'
import { onBehalfOf } from './session.server.ts'

export type WaysIn = {
  /** Whether the server sends letters. */
  mail: boolean
  /** With whose accounts one can sign in. */
  providers: { id: string; name: string }[]
}

/** How one can get in here. When that cannot be had, by the password alone. */
export async function waysIn({ request, context }: { request: Request; context: AppLoadContext }): Promise<WaysIn> {
  const response = await context.api(onBehalfOf(request, '/api/auth/options'))
  return response.ok ? response.json() : { mail: false, providers: [] }
}
