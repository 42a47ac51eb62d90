import type { Units } from '../auth/units.ts'
import { scopes, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import type { Limits } from '../limits.ts'
import { callTool } from './call-tool.ts'
import { createExternalServers, type ExternalServers } from './external-servers.ts'
import { readTools } from './listed-tools.ts'
import { type Connection, connectInProcess } from './mcp-client.ts'
import type { ServerConfig } from './mcp-config.ts'
import { type ConnectedTool, openToolbox } from './open-toolbox.ts'
import { createSchemaChecks } from './schema-checks.ts'
import { builtInNames, createServer, subjectOf } from './server/server.ts'
import type { OwnToolLimits } from './server/tool.ts'
import type { Toolboxes, ToolServer } from './toolbox.ts'

export type ToolLimits = OwnToolLimits &
  Pick<
    Limits,
    | 'toolSeconds'
    | 'toolTotalSeconds'
    | 'toolArgumentBytes'
    | 'toolReadBytes'
    | 'toolsPerServer'
    | 'toolDescriptionBytes'
    | 'toolSchemaBytes'
    | 'breakerFailures'
    | 'breakerSeconds'
  >

/** A run that begins while servers are being connected waits so long for them, and no longer. */
const waitForServersMs = 1_500

type InProcessServer = Parameters<typeof connectInProcess>[0]

export type ToolboxesParts = {
  units: Units
  bell: Bell
  limits: ToolLimits
  /** Throws STORAGE_FULL while nothing new may be stored. */
  checkSpace?: () => void
  /** What the operator has plugged in, and how users make themselves known there. */
  external?: { servers: readonly ServerConfig[]; mint: Parameters<typeof createExternalServers>[1]['mint'] }
  /** By name, the servers in this process for one user: a connection to them is never shared between users. */
  builtIn?(viewer: Viewer): Record<string, InProcessServer>
}

/** The tools of all MCP servers: our own, and those of the operator. */
export function createToolboxes({ units, bell, limits, checkSpace, external, builtIn }: ToolboxesParts): Toolboxes {
  const checkOf = createSchemaChecks()
  const others: ExternalServers = createExternalServers(external?.servers ?? [], {
    limits,
    mint: external?.mint ?? (() => Promise.reject(new Error('There is nobody to mint tokens.'))),
  })
  const opened = new Set<Connection>()
  const serversOf =
    builtIn ??
    ((viewer) =>
      Object.fromEntries(
        builtInNames.map((name) => [name, createServer({ units, viewer, bell, limits, checkSpace, parts: [name] })]),
      ))

  async function connect(viewer: Viewer) {
    // Whatever the viewer's credential may do: a run may do all, and people look at what a run can do.
    const servers = Object.entries(serversOf({ ...viewer, scopes }))
    const own = await Promise.all(servers.map(([name, server]) => connectBuiltIn(name, server, viewer)))
    return {
      own,
      close: async () => {
        await Promise.all(own.map(({ connection }) => disconnect(connection)))
      },
    }
  }

  async function connectBuiltIn(name: string, server: InProcessServer, viewer: Viewer) {
    const connection = await connectInProcess(server)
    opened.add(connection)
    const { tools } = readTools(name, await connection.tools(limits.toolsPerServer, 10_000), {
      ...{ limits, checkOf },
      calledAs: (tool) => tool,
      needsApproval: (_, destructive) => destructive,
    })
    return {
      connection,
      server: { name, status: 'CONNECTED', error: null, tools: tools.map(({ spec }) => spec) } satisfies ToolServer,
      tools: tools.map(
        ({ spec, input, output }): ConnectedTool => ({
          ...{ spec, input, usable: true },
          call: (...it) => callTool(connection.call, spec, output, limits, ...it),
          ...(!builtIn && { subject: (args) => subjectOf({ units, viewer }, spec.name, args) }),
        }),
      ),
    }
  }

  async function disconnect(connection: Connection): Promise<void> {
    opened.delete(connection)
    await connection.close()
  }

  return {
    async open(viewer) {
      const { own, close } = await connect(viewer)
      await others.settled(waitForServersMs)
      const builtIn = own.flatMap(({ tools }) => tools)
      return openToolbox({
        tools: () => [...builtIn, ...others.tools(viewer)],
        settled: others.settled,
        limits,
        close,
      })
    },
    async servers(viewer) {
      const { own, close } = await connect(viewer)
      await close()
      return [...own.map(({ server }) => server), ...others.health()]
    },
    async close() {
      await Promise.all([others.close(), ...[...opened].map(disconnect)])
    },
  }
}
