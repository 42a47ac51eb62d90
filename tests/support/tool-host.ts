import { standardLimits } from '../../api/limits.ts'
import { createExternalServers } from '../../api/tools/external-servers.ts'
import { readMcpConfig } from '../../api/tools/mcp-config.ts'

// A program that has the tool servers of a file, and says their pids: `node tool-host.ts <file>`.
const [file = ''] = process.argv.slice(2)
const servers = createExternalServers(readMcpConfig({ file, required: true, variables: process.env }), {
  limits: standardLimits,
  mint: () => Promise.reject(new Error('no mint')),
})
await servers.settled()
const never = new AbortController().signal
const pids = servers
  .tools({ id: '0199a5c0-0000-7000-8000-000000000001', scopes: [] })
  .filter(({ spec }) => spec.name === 'pid')
const results = await Promise.all(pids.map((tool) => tool.call({}, never)))

process.on('SIGTERM', () => void servers.close().then(() => process.exit(0)))
process.on('SIGINT', () => process.exit(0))
setInterval(() => {}, 1_000)

// Last: whoever reads this may send a signal at once.
console.log(JSON.stringify(results.map(({ text }) => Number(text))))
