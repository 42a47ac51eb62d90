import { Hono } from 'hono'
import { createAdmission, strangersOf } from './auth/admission.ts'
import { createAuth } from './auth/auth.ts'
import { createClientAddress } from './auth/client-address.ts'
import { foreignHost } from './auth/foreign.ts'
import { createMailer } from './auth/mailer.ts'
import { drawFrom, Rates } from './auth/rates.ts'
import { keptSecret } from './auth/secret.ts'
import { StreamPlaces } from './auth/stream-places.ts'
import { toldRefusal } from './auth/told-refusal.ts'
import type { Viewer } from './auth/viewer.ts'
import { ProcessBell } from './bell/bell.ts'
import { onRing } from './bell/on-ring.ts'
import { PostgresBell } from './bell/postgres-bell.ts'
import { createAttachmentEndpoint } from './chatkit/attachment-endpoint.ts'
import { createChatkitEndpoint } from './chatkit/endpoint.ts'
import type { Config } from './config.ts'
import { createAttachmentLinks } from './conversations/attachment-links.ts'
import { deleteAllConversations } from './conversations/conversations.ts'
import { createDatabase, type Database } from './database/database.ts'
import { endlessSpace, watchFreeSpace } from './database/free-space.ts'
import { createProbe } from './database/probe.ts'
import { notFound, storageFull } from './errors.ts'
import { createGraphqlEndpoint } from './graphql/endpoint.ts'
import { createMcpEndpoint, metadataPath } from './mcp/endpoint.ts'
import { storeEmbedded, storeOnOwnConnection } from './runs/chunk-store.ts'
import { createModel } from './runs/openai-model.ts'
import { Runs } from './runs/runs.ts'
import { readMcpConfig } from './tools/mcp-config.ts'
import { createToolboxes } from './tools/mcp-toolbox.ts'
import { pageServer } from './tools/page-tools.ts'
import { builtInNames } from './tools/server/server.ts'
import { createTransferEndpoint } from './transfer/endpoint.ts'
import { Imports } from './transfer/imports.ts'

export type App = {
  /** Answers any request of any door. `address` is that of the socket. Never rejects. */
  fetch(request: Request, address?: string): Promise<Response>
  /** Readers are told to resume elsewhere, runs finish or are handed over, connections end. */
  close(): Promise<void>
}

export type Parts = {
  /** Instead of what the system says of the disk of a folder. */
  freeBytes?: (folder: string) => Promise<number>
  /** Instead of the one that the configuration names; the caller closes it. */
  database?: Database
  /** Serves the pages; without it there are none. */
  pages?: (request: Request, context: PagesContext) => Promise<Response>
}

export type PagesContext = { api: (request: Request) => Promise<Response>; chatkitDomainKey: string }

/** Assembles everything: the only file that knows all parts. Rejects when the database cannot be used. */
export async function createApp(config: Config, parts: Parts = {}): Promise<App> {
  const servers = readMcpConfig(config.mcp, [...builtInNames, pageServer])
  const database = parts.database ?? (await createDatabase(config))
  await database.migrate()
  const { units, embedded, connect } = database
  const mailer = config.mail && createMailer(config.mail)
  const strangers = strangersOf(config.limits)
  const bell = connect ? new PostgresBell(connect) : new ProcessBell()
  const auth = await createAuth(config, database.reserve, units, {
    ...{ mailer, strangers },
    onDeletion: async (userId) => {
      const viewer: Viewer = { id: userId, scopes: [] }
      await runs.endAllOf(userId)
      await auth.endAllOf(userId)
      await deleteAllConversations(units.as(viewer), viewer)
    },
    onEnd: () => bell.ring(credentialsTopic),
  })
  const ends = onRing(bell, credentialsTopic, auth.forget)
  const chunks = connect
    ? storeOnOwnConnection(connect)
    : { store: storeEmbedded(units), close: async () => {}, onLost: () => {} }
  const { limits } = config
  const model = createModel(config.model, limits)
  const rates = new Rates(limits, embedded ? undefined : drawFrom(units))
  const space = embedded ? await watchFreeSpace(config.dataDir, limits.freeDiskBytes, parts.freeBytes) : endlessSpace
  const checkSpace = () => {
    if (space.isLow()) throw storageFull()
  }
  const toolboxes = createToolboxes({ units, bell, limits, checkSpace, external: { servers, mint: auth.mintFor } })
  const runs = new Runs({
    ...{ units, bell, model, toolboxes, limits, rates },
    ...{ store: chunks.store, alone: embedded, checkSpace },
  })
  chunks.onLost = () => runs.log.writer.writeAgain()
  if (bell instanceof PostgresBell) await bell.begin()
  await runs.begin()

  const admission = createAdmission(auth.authenticate, rates, strangers)
  const { authenticate } = admission
  const { userOf, stillSignedIn, forgetKeys } = auth
  const { production, graphiql } = config
  const links = createAttachmentLinks({ url: config.url, secret: config.secret ?? (await keptSecret(config.dataDir)) })
  const places = new StreamPlaces(limits)
  const graphql = createGraphqlEndpoint({
    checkSpace,
    units,
    links,
    bell,
    runs,
    toolboxes,
    limits,
    rates,
    places,
    authenticate,
    userOf,
    stillSignedIn,
    forgetKeys,
    graphiql,
    production,
  })
  const chatkit = createChatkitEndpoint({
    ...{ units, bell, runs, model, rates, limits, links, checkSpace, authenticate, stillSignedIn },
  })
  const attachments = createAttachmentEndpoint({ units, links, limits, authenticate })
  const imports = new Imports({ units, bell, limits })
  const transfer = createTransferEndpoint({ units, imports, places, limits, authenticate, stillSignedIn })
  const mcp = createMcpEndpoint({ units, bell, limits, checkSpace, url: config.url, ...auth, authenticate })
  const addressOf = createClientAddress(config.trustedProxies)
  const isSecure = config.url.startsWith('https:')
  const storageAnswers = createProbe(() => database.reserve.fork().execute('select 1'))
  let ready = true

  const doors = new Hono<{ Bindings: { address?: string } }>()
  doors.onError((error) => toldRefusal(error, 'http'))
  doors.notFound(() => toldRefusal(notFound('page')))
  doors.get('/healthz', (c) => c.text('ok'))
  doors.get('/readyz', async (c) => {
    if (!ready) return c.text('stopping', 503)
    return (await storageAnswers()) ? c.text('ready') : c.text('the database does not answer', 503)
  })
  doors.use(async (c, next) => (isOurs(c.req.raw, config) ? next() : toldRefusal(foreignHost(c.req.raw))))
  doors.on(['POST', 'PUT'], ['/attachments/*', '/import', '/api/auth/sign-up/*'], async (_, next) => {
    checkSpace()
    return next()
  })
  doors.all('/api/auth/*', (c) => auth.handler(c.req.raw, c.env.address))
  doors.all('/graphql/*', (c) => graphql(c.req.raw))
  doors.all('/graphql', (c) => graphql(c.req.raw))
  doors.all('/chatkit', (c) => chatkit(c.req.raw))
  for (const path of ['/attachments', '/attachments/:id']) doors.all(path, (c) => attachments(c.req.raw))
  for (const path of ['/export', '/import']) doors.all(path, (c) => transfer.handle(c.req.raw))
  doors.all('/mcp', (c) => mcp.fetch(c.req.raw))
  for (const path of [metadataPath, `${metadataPath}/mcp`]) doors.get(path, (c) => mcp.metadata(c.req.raw))
  doors.all('*', async (c) => {
    const { address } = c.env
    const api = async (request: Request) => doors.fetch(request, { address })
    return parts.pages?.(c.req.raw, { api, chatkitDomainKey: config.chatkitDomainKey }) ?? c.notFound()
  })

  return {
    fetch: async (request, socket) => {
      const address = addressOf(socket, request.headers)
      const response = await admission.from(address, async () => doors.fetch(request, { address }))
      const { headers } = response
      // Only where TLS is: browsers then never come without it again.
      if (isSecure) headers.set('strict-transport-security', 'max-age=31536000')
      headers.set('x-content-type-options', 'nosniff')
      // Pages and scripts say themselves what may happen in them; in data nothing may.
      const isData = /json|event-stream|text\/(plain|markdown)|^$/.test(headers.get('content-type') ?? '')
      if (isData && !headers.has('content-security-policy')) headers.set('content-security-policy', inert)
      return response
    },
    close: async () => {
      ready = false
      const ours = parts.database ? null : database
      space.close()
      await closeInTurn([mcp, transfer, imports, runs, mailer, toolboxes, ends, bell, chunks, ours])
    },
  }
}

/** What one of them leaves undone keeps no other from ending. Rejects, when all have been asked, with what went wrong. */
async function closeInTurn(parts: readonly ({ close(): unknown } | null | undefined)[]): Promise<void> {
  const problems: unknown[] = []
  for (const part of parts)
    try {
      await part?.close()
    } catch (error) {
      problems.push(error)
    }
  if (problems.length > 0) throw new AggregateError(problems, 'Not everything could be closed.')
}

/** Heard by every process: what somebody came in with may have ended. */
const credentialsTopic = 'credentials'

const inert = "default-src 'none'; frame-ancestors 'none'"

const loopback = ['localhost', '127.0.0.1', '[::1]']

/** A name that somebody points at this server does not make it theirs (DNS rebinding). */
function isOurs(request: Request, { url, production }: Config): boolean {
  const { host, hostname } = new URL(request.url)
  return host === new URL(url).host || (!production && loopback.includes(hostname))
}
