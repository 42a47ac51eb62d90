import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { misbehavingServer } from './misbehaving-tools.ts'
import { noAnswer, type ScriptedTool, scriptedTools, text } from './scripted-tools.ts'

// A tool server over its standard streams, as a program: `node tool-child.ts <habit…>`.
const habits = new Set(process.argv.slice(2))

const tools: Record<string, ScriptedTool> = {
  say: { annotations: { readOnlyHint: true }, run: ({ words }) => text(`${words}`) },
  pid: { annotations: { readOnlyHint: true }, run: () => text(String(process.pid)) },
  environment: { run: () => text(JSON.stringify(process.env)) },
  crash: { run: () => process.exit(3) },
  flood: {
    run: () => {
      const write = () => void process.stdout.write('x'.repeat(1_048_576), write)
      write()
      return noAnswer
    },
  },
  garbage: {
    run: () => {
      process.stdout.write('not JSON\n{"jsonrpc":"1.0"}\n[]\nnull\n\u0000\u0001\n')
      return text('after the garbage')
    },
  },
  hang: { run: () => noAnswer },
  /** What it is given is written down for whoever wants to count. */
  record: {
    run: (args) => {
      appendFileSync(process.env.RECORD ?? '', `${JSON.stringify(args)}\n`)
      return text('recorded')
    },
  },
  learn: {
    run: async () => {
      tools.learned = { run: () => text('I learned that') }
      await server.listChanged()
      return text('learned')
    },
  },
}
const server = habits.has('misbehaves') ? misbehavingServer() : scriptedTools(tools)

if (habits.has('ignores-input')) setInterval(() => {}, 1_000)
if (habits.has('ignores-signal')) process.on('SIGTERM', () => {})
if (habits.has('has-child')) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
  tools.pid = { run: () => text(String(child.pid)) }
}
if (habits.has('dies')) process.exit(7)
if (habits.has('complains')) {
  process.stderr.write('I cannot find my settings\n')
  process.exit(1)
}

const lines = createInterface({ input: process.stdin })
const transport: Transport = {
  start: async () => {},
  close: async () => {},
  send: async (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
}
await server.connect(transport)
if (!habits.has('silent')) lines.on('line', (line) => transport.onmessage?.(JSON.parse(line)))
// Without another habit it ends with its input.
lines.on('close', () => habits.has('ignores-input') || process.exit(0))
