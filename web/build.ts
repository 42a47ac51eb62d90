import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { chatScriptLimit, chatScripts } from './page-size.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const build = path.join(root, 'web/build')
const hashFile = path.join(build, '.hash')
const lockFile = path.join(root, 'node_modules/.cache/parley-web-build')

/**
 * Builds the web app when its sources changed since the last build, and says so; else returns at once. Processes that start
 * together build once. Rejects with the build's own output when that fails.
 */
export async function buildWeb(say: (line: string) => void = console.log): Promise<void> {
  const hash = await sourceHash()
  if (await isBuilt(hash)) return
  const release = await lock()
  try {
    if (await isBuilt(hash)) return
    const began = performance.now()
    say('Building the web app (only after its sources changed)…')
    await rm(build, { recursive: true, force: true })
    await vite()
    await compress(path.join(build, 'client'))
    await checkSize(say)
    await writeFile(hashFile, hash)
    say(`Built in ${((performance.now() - began) / 1000).toFixed(1)} s.`)
  } finally {
    await release()
  }
}

/** Says what the chat page costs a browser. Rejects when that has become too much. */
async function checkSize(say: (line: string) => void): Promise<void> {
  const { own, shared } = await chatScripts(path.join(build, 'client'))
  const line = `The chat page's own script has ${inKb(own)} compressed, what every page needs ${inKb(shared)}.`
  if (own > chatScriptLimit) throw new Error(`${line} No more than ${inKb(chatScriptLimit)} of its own are wanted.`)
  say(line)
}

const inKb = (bytes: number) => `${Math.round(bytes / 1000)} kB`

const isBuilt = async (hash: string) => (await readFile(hashFile, 'utf8').catch(() => '')) === hash

/** One builder at a time. The lock of a process that is gone is taken over. */
async function lock(): Promise<() => Promise<void>> {
  await mkdir(path.dirname(lockFile), { recursive: true })
  for (;;) {
    try {
      await writeFile(lockFile, String(process.pid), { flag: 'wx' })
      return () => rm(lockFile, { force: true })
    } catch {
      const holder = Number(await readFile(lockFile, 'utf8').catch(() => ''))
      if (holder && !isAlive(holder)) await rm(lockFile, { force: true })
      else await wait(100)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Over everything that the build reads. */
async function sourceHash(): Promise<string> {
  const folders = await Promise.all(['web', 'schema/generated'].map(sources))
  const hash = createHash('sha256')
  for (const file of [...folders.flat(), 'package-lock.json'].sort()) {
    hash.update(`${file}\n`)
    hash.update(await readFile(path.join(root, file)))
  }
  return hash.digest('hex')
}

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true, recursive: true })
  return entries
    .filter((it) => it.isFile() && !it.parentPath.startsWith(build))
    .map((it) => path.relative(root, path.join(it.parentPath, it.name)))
}

function vite(): Promise<void> {
  const command = path.join(root, 'node_modules/@remix-run/dev/dist/cli.js')
  if (!existsSync(command)) throw new Error('The web app is not built, and what builds it is not installed: npm ci.')
  const child = spawn(process.execPath, [command, 'vite:build', '--config', 'web/vite.config.ts'], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (output += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`The web app could not be built.\n${output}`)),
    )
  })
}

const compressible = /\.(js|css|svg|json|html|txt|webmanifest)$/
const withBrotli = promisify(brotliCompress)
const withGzip = promisify(gzip)

/** Once here rather than with each answer. */
async function compress(folder: string): Promise<void> {
  const files = await readdir(folder, { withFileTypes: true, recursive: true })
  await Promise.all(
    files
      .filter((it) => it.isFile() && compressible.test(it.name))
      .map(async (it) => {
        const file = path.join(it.parentPath, it.name)
        const text = await readFile(file)
        const params = { [constants.BROTLI_PARAM_QUALITY]: 10 }
        await writeFile(`${file}.br`, await withBrotli(text, { params }))
        await writeFile(`${file}.gz`, await withGzip(text, { level: 9 }))
      }),
  )
}

if (import.meta.filename === process.argv[1]) await buildWeb()
