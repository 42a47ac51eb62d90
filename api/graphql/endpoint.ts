import { type GraphQLError, validate } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Viewer } from '../auth/viewer.ts'
import { AppError, badInput, httpStatus } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { type Context, createContext, type Parts, type Spent } from './context.ts'
import { type Asked, defences } from './defences.ts'
import { createDocumentCache, noCache } from './document-cache.ts'
import { createGraphiql } from './graphiql.ts'
import { schema } from './schema.ts'
import { toldError } from './told-error.ts'

export type GraphqlParts = Parts & {
  /** Who is asking. Rejects with UNAUTHENTICATED. */
  authenticate(request: Request): Promise<Viewer>
  /** Whether a browser that comes here is shown a workbench. */
  graphiql: boolean
  production: boolean
}

/** The door for GraphQL: queries, mutations, and subscriptions as server-sent events. Never rejects. */
export function createGraphqlEndpoint(parts: GraphqlParts): (request: Request) => Promise<Response> {
  const yoga = createYoga<Asked, Context>({
    schema,
    context: ({ request, viewer, spent }) => createContext(parts, viewer, request, spent),
    maskedErrors: { maskError: toldError },
    plugins: [defences({ schema, ...parts }), errorsAreTold(parts)],
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: noCache },
    maxRequestBodySize: parts.limits.bodyBytes,
    // Same origin only; our own errors are logged where they are masked.
    cors: false,
    logging: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    fetchAPI: { Response, Request, ReadableStream, TextEncoder, URL, Headers },
  })
  const graphiql = parts.graphiql ? createGraphiql(parts.authenticate) : null
  return async (request) => {
    try {
      const page = await graphiql?.(request)
      if (page) return page
      if (request.method === 'GET') checkParameters(new URL(request.url).searchParams)
      else checkBody(request)
      const viewer = await parts.authenticate(request)
      const spent: Spent = { cost: 0, budget: null }
      return withBudget(finished(request, await yoga.fetch(request, { viewer, spent })), spent)
    } catch (error) {
      return refused(request, error)
    }
  }
}

function checkParameters(parameters: URLSearchParams): void {
  for (const name of ['variables', 'extensions']) {
    try {
      JSON.parse(parameters.get(name) || '{}')
    } catch {
      throw badInput([name], 'is not JSON')
    }
  }
}

function checkBody(request: Request): void {
  if (request.method !== 'POST') throw new AppError('METHOD_NOT_ALLOWED', 'GraphQL is asked with POST or GET.')
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/json')
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON: content-type application/json.')
}

/** Errors of the request as a whole pass no masking: they get their code and id here. */
function errorsAreTold({ production, limits }: Pick<GraphqlParts, 'production' | 'limits'>): Plugin {
  return {
    onValidate({ setValidationFn }) {
      if (production) setValidationFn((schema, document, rules) => validate(schema, document, rules, quietly))
    },
    onResultProcess({ result, resultProcessor, setResult }) {
      if (Symbol.asyncIterator in result) {
        // Nobody will read this one: the caller does not take event streams.
        if (!resultProcessor) void result[Symbol.asyncIterator]().return?.()
      } else if (!Array.isArray(result) && result.errors) {
        setResult({ ...result, errors: result.errors.map((error) => toldError(named(error, limits))) })
      }
    },
  }
}

/** Yoga counts the bytes of a body, and does not say how many it takes. */
function named(error: GraphQLError, { bodyBytes }: Pick<Limits, 'bodyBytes'>): Error {
  const { code, limit } = error.extensions
  if (limit !== undefined || (code !== 'REQUEST_ENTITY_TOO_LARGE' && code !== 'PAYLOAD_TOO_LARGE')) return error
  const details = { limit: bodyBytes, limitName: 'bodyBytes' }
  return new AppError('PAYLOAD_TOO_LARGE', `The request has more than ${bodyBytes} bytes.`, details)
}

/** Without "did you mean": names are for those who may look at the schema. */
const quietly = { hideSuggestions: true }

function finished(request: Request, response: Response): Response {
  if (response.status === 406) return refused(request, notAcceptable, 406)
  const { headers } = response
  if (headers.get('content-type')?.startsWith('text/event-stream')) {
    headers.delete('content-encoding')
    headers.set('cache-control', 'no-cache, no-transform')
    headers.set('x-accel-buffering', 'no')
  } else {
    headers.set('cache-control', 'no-store')
  }
  return response
}

/** In the form of draft-ietf-httpapi-ratelimit-headers. */
function withBudget(response: Response, { budget, retryAfterMs }: Spent): Response {
  const { headers } = response
  if (budget) {
    const seconds = Math.max(0, Math.ceil((budget.resetAt.getTime() - Date.now()) / 1_000))
    headers.set('ratelimit-policy', `"cost";q=${budget.limit};w=60`)
    headers.set('ratelimit', `"cost";r=${budget.remaining};t=${seconds}`)
  }
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)))
  return response
}

const notAcceptable = new AppError(
  'BAD_USER_INPUT',
  'Accept: must name application/graphql-response+json or application/json; for subscriptions text/event-stream.',
)

function refused(request: Request, error: unknown, status?: number): Response {
  const { message, extensions } = toldError(error)
  const { http, ...told } = extensions
  const modern = request.headers.get('accept')?.includes('application/graphql-response+json')
  const code = error instanceof AppError ? error.code : 'INTERNAL_SERVER_ERROR'
  const retryAfterMs = error instanceof AppError ? error.details.retryAfterMs : undefined
  return Response.json(
    { errors: [{ message, extensions: told }] },
    {
      status: status ?? httpStatus[code],
      headers: {
        'content-type': `application/${modern ? 'graphql-response+' : ''}json; charset=utf-8`,
        'cache-control': 'no-store',
        ...(httpStatus[code] === 401 && { 'www-authenticate': 'Bearer' }),
        ...(code === 'METHOD_NOT_ALLOWED' && { allow: 'GET, POST' }),
        ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
      },
    },
  )
}
