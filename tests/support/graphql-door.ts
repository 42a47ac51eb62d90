import { Rates } from '../../api/auth/rates.ts'
import { StreamPlaces } from '../../api/auth/stream-places.ts'
import { scopes, type Viewer } from '../../api/auth/viewer.ts'
import { ProcessBell } from '../../api/bell/bell.ts'
import { AppError } from '../../api/errors.ts'
import { createGraphqlEndpoint, type GraphqlParts } from '../../api/graphql/endpoint.ts'
import { standardLimits } from '../../api/limits.ts'

export const viewer: Viewer = { id: '01930000-0000-7000-8000-000000000001', scopes }
export const unauthenticated = new AppError('UNAUTHENTICATED', 'Sign in, or send a valid credential.')

/** The door alone, as HTTP sees it, for the holder of `Bearer good`. What lies behind it must not be reached. */
export function door(parts: Partial<GraphqlParts> = {}) {
  const unused = () => {
    throw new Error('must not be reached')
  }
  return createGraphqlEndpoint({
    units: { as: () => null as never, asSystem: unused },
    bell: new ProcessBell(),
    runs: null as never,
    toolboxes: { open: unused, servers: async () => [], close: unused },
    authenticate: async (request) => {
      if (request.headers.get('authorization') !== 'Bearer good') throw unauthenticated
      return viewer
    },
    userOf: async ({ id }) => ({ id, name: 'Ada', email: 'ada@example.test' }),
    stillSignedIn: async () => true,
    forgetKeys: unused,
    checkSpace: () => {},
    rates: new Rates(parts.limits ?? standardLimits),
    places: new StreamPlaces(parts.limits ?? standardLimits),
    links: { read: unused, upload: unused, check: unused },
    limits: standardLimits,
    graphiql: true,
    production: false,
    ...parts,
  })
}

export const url = 'http://localhost:3000/graphql'
export const graphqlJson = 'application/graphql-response+json'

export function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: graphqlJson, authorization: 'Bearer good', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
