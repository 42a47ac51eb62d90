import type { Viewer } from '../auth/viewer.ts'
import { publicId } from '../ids.ts'
import { ChildTransport } from './child-transport.ts'
import { type ExternalLimits, ExternalServer } from './external-server.ts'
import { ConnectionProblem, httpTransport, type Transport } from './mcp-client.ts'
import type { HttpConfig, ServerConfig } from './mcp-config.ts'
import type { ConnectedTool } from './open-toolbox.ts'
import { createSchemaChecks } from './schema-checks.ts'
import { createServerFetch } from './server-fetch.ts'
import { createTimeBox } from './time-box.ts'
import type { ToolServer } from './toolbox.ts'

/** A token of ours that is good for this audience alone, and says who is meant: a user, or nobody but us. */
export type Mint = (audience: string, userId: string | null) => Promise<{ token: string; expiresAt: Date }>

/** The tool servers of the operator. */
export type ExternalServers = {
  /** Of all servers, in the operator's order, as this user may call them. */
  tools(viewer: Viewer): ConnectedTool[]
  health(): ToolServer[]
  /** Resolves when none is in the middle of being connected; after `milliseconds` in any case. */
  settled(milliseconds?: number): Promise<void>
  /** Connections end, and so do the children. */
  close(): Promise<void>
}

/** More than any honest server says at once. */
const maxMessageBytes = 16 * 1_048_576

/** Checks by schemas of strangers get so long: on a busy machine an honest one takes a while too. */
const checkMs = 1_000

const renewMs = 30_000

/** Begins to connect to all of them at once, and stays at it until it is closed. */
export function createExternalServers(
  configs: readonly ServerConfig[],
  { limits, mint, lookEveryMs = 30_000 }: { limits: ExternalLimits; mint: Mint; lookEveryMs?: number },
): ExternalServers {
  const checkOf = createSchemaChecks(createTimeBox(checkMs))
  const children = new Set<ChildTransport>()
  const log = (line: string) => console.error(`tool server ${line}`)
  let closing = false

  function open(config: ServerConfig, viewer: Viewer | null): Transport {
    if (config.kind === 'http') return overHttp(config, viewer, limits, mint)
    const child = new ChildTransport({
      ...config,
      maxLineBytes: maxMessageBytes,
      onEnd(how, lastWords) {
        children.delete(child)
        if (!closing) log(`${config.name}: it ended (${how})${lastWords && `. Its last words:\n${lastWords}`}`)
      },
    })
    children.add(child)
    return child
  }

  const servers = configs.map(
    (config) =>
      new ExternalServer(config, { limits, checkOf, lookEveryMs, log, open: (viewer) => open(config, viewer) }),
  )
  const endChildren = () => children.forEach((it) => void it.kill())
  if (configs.length > 0) process.on('exit', endChildren)

  return {
    tools: (viewer) => servers.flatMap((server) => server.tools(viewer)),
    health: () => servers.map((server) => server.health()),
    settled: async (milliseconds) => {
      if (servers.length === 0) return
      const all = Promise.all(servers.map((server) => server.settled()))
      await (milliseconds === undefined ? all : Promise.race([all, passed(milliseconds)]))
    },
    async close() {
      closing = true
      await Promise.all(servers.map((server) => server.close()))
      process.off('exit', endChildren)
    },
  }
}

function overHttp(config: HttpConfig, viewer: Viewer | null, limits: ExternalLimits, mint: Mint): Transport {
  const userHeader = config.userHeader && headerFor(config.userHeader, viewer, mint)
  const fetchWith = createServerFetch({
    headers: config.headers,
    ...(userHeader && { userHeader }),
    maxBytes: maxMessageBytes,
    maxMilliseconds: limits.toolTotalSeconds * 1_000 + 5_000,
  })
  return httpTransport(config.url, fetchWith)
}

/** Who the call is made for. The connection that lists the tools is made for nobody: it has no id, but a token of ours. */
function headerFor(
  { name, value, audience }: NonNullable<HttpConfig['userHeader']>,
  viewer: Viewer | null,
  mint: Mint,
): ((refused: boolean) => Promise<readonly [string, string]>) | null {
  if (value === 'id') return viewer && (async () => [name, publicId('user', viewer.id)])
  let kept: Awaited<ReturnType<Mint>> | undefined
  return async (refused) => {
    if (refused || !kept || kept.expiresAt.getTime() - Date.now() < renewMs)
      kept = await mint(audience, viewer?.id ?? null).catch(() => {
        throw new ConnectionProblem('unauthorized', 'No token for the server can be made right now.')
      })
    return [name, name.toLowerCase() === 'authorization' ? `Bearer ${kept.token}` : kept.token]
  }
}

function passed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
