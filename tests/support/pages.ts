import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchBrowser } from './browser.ts'
import { cleanUp } from './cleaning.ts'
import { startServer } from './server-process.ts'

/** The whole program, with its pages and a database of its own, and a browser. Both end with the test, or with its file. */
export async function startPages(env: Record<string, string> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-'))
  cleanUp(() => rmSync(dataDir, { recursive: true, force: true }))
  const server = await startServer({ PARLEY_DATA_DIR: dataDir, ...env }, { pages: true })
  const browser = await launchBrowser()
  cleanUp(() => browser.close())
  return { server, browser }
}
