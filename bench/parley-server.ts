import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type ParleyServer = { url: string; kill(): Promise<void>; close(): Promise<void> }

/** Parley as a program of its own, on data of its own. Nothing of what the shell has set: what is shown and measured is what everybody gets. */
export async function startParley(port: number, settings: Record<string, string> = {}): Promise<ParleyServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const url = `http://localhost:${port}`
  const { PATH, HOME } = process.env
  const own = { PORT: String(port), PARLEY_URL: url, PARLEY_DATA_DIR: dataDir, PARLEY_MCP_CONFIG: '' }
  const env: Record<string, string | undefined> = { PATH, HOME, ...own, ...settings }
  const server = spawn(process.execPath, ['api/main.ts'], {
    env: env as NodeJS.ProcessEnv, // Remix's types want NODE_ENV, which a person at a shell does not set
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const gone = once(server, 'exit')
  const end = async (signal: NodeJS.Signals) => {
    server.kill(signal)
    await gone
  }
  await Promise.race([ready(url), gone.then(() => Promise.reject(new Error('The server did not start.')))])
  return {
    url,
    kill: () => end('SIGKILL'),
    async close() {
      await end('SIGTERM')
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function ready(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
