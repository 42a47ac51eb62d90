import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Units } from '../../api/auth/units.ts'
import type { Viewer } from '../../api/auth/viewer.ts'
import { ProcessBell } from '../../api/bell/bell.ts'
import { standardLimits } from '../../api/limits.ts'
import { readMcpConfig } from '../../api/tools/mcp-config.ts'
import { createToolboxes, type ToolboxesParts, type ToolLimits } from '../../api/tools/mcp-toolbox.ts'
import type { ToolServer } from '../../api/tools/toolbox.ts'
import { cleanUp } from './cleaning.ts'

export const ada: Viewer = { id: '0199a5c0-0000-7000-8000-000000000001', scopes: [] }
export const bob: Viewer = { id: '0199a5c0-0000-7000-8000-000000000002', scopes: [] }

const nowhere: Units = {
  as: () => {
    throw new Error('These tools have no database.')
  },
  asSystem: () => {
    throw new Error('These tools have no database.')
  },
}

type Mint = NonNullable<ToolboxesParts['external']>['mint']

/** A file as the operator writes it, gone with the test. */
export function mcpFile(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-mcp-'))
  cleanUp(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'mcp.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

/** The command that runs our scripted child with these habits. */
export const child = (...habits: string[]) => ({
  command: process.execPath,
  args: ['tests/support/tool-child.ts', ...habits],
})

/** Toolboxes over tool servers as a file names them, without those of our own. Closed with the test. */
export function toolboxesOver(
  mcpServers: Record<string, object>,
  { limits, mint }: { limits?: Partial<ToolLimits>; mint?: Mint } = {},
) {
  const servers = readMcpConfig({ file: mcpFile({ mcpServers }), required: true, variables: process.env })
  const toolboxes = createToolboxes({
    ...{ units: nowhere, bell: new ProcessBell(), limits: { ...standardLimits, ...limits } },
    external: { servers, mint: mint ?? (() => Promise.reject(new Error('no mint'))) },
    builtIn: () => ({}),
  })
  cleanUp(() => toolboxes.close())
  const health = async (name: string): Promise<ToolServer | undefined> =>
    (await toolboxes.servers(ada)).find((it) => it.name === name)

  return {
    ...toolboxes,
    health,
    /** Resolves when the server is in this state. */
    async becomes(name: string, status: ToolServer['status']): Promise<ToolServer> {
      for (;;) {
        const server = await health(name)
        if (server?.status === status) return server
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    /** A toolbox whose servers are all there. */
    async ready(viewer = ada) {
      for (const name of Object.keys(mcpServers)) await this.becomes(name, 'CONNECTED')
      return toolboxes.open(viewer)
    },
  }
}
