import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

/** How many bytes of script the chat page may bring along that other pages do not need, after gzip. */
export const chatScriptLimit = 150_000

type Part = { module: string; imports?: string[] }
type Manifest = { entry: Part; routes: Record<string, Part> }

const everywhere = ['root', 'dashboard']
const chat = ['dashboard.chat', 'dashboard.chat.$id']

/**
 * The scripts that a browser must have before a conversation can be used, in bytes after gzip: what is the chat's own, and
 * what each signed-in page needs, one language among it. What is fetched when it is wanted (ChatKit, maths, colours of code)
 * is in neither.
 */
export async function chatScripts(client: string): Promise<{ own: number; shared: number }> {
  const assets = path.join(client, 'assets')
  const names = await readdir(assets)
  const { entry, routes } = await readManifest(assets, names)
  const words = names.filter((it) => /^de-.*\.js$/.test(it)).map((it) => `/assets/${it}`)
  const shared = new Set([...scriptsOf([entry, ...partsOf(routes, everywhere)]), ...words])
  const own = [...scriptsOf(partsOf(routes, chat))].filter((it) => !shared.has(it))
  return { own: await compressedSize(client, own), shared: await compressedSize(client, [...shared]) }
}

function partsOf(routes: Manifest['routes'], wanted: readonly string[]): Part[] {
  return wanted.map((name) => {
    const part = routes[name] ?? routes[`routes/${name}`] ?? routes[`routes/${name}/route`]
    if (!part) throw new Error(`The build has no page ${name}.`)
    return part
  })
}

const scriptsOf = (parts: readonly Part[]) => new Set(parts.flatMap(({ module, imports = [] }) => [module, ...imports]))

async function compressedSize(client: string, scripts: readonly string[]): Promise<number> {
  const sizes = scripts.map(async (it) => (await stat(path.join(client, `${it}.gz`))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

async function readManifest(assets: string, names: readonly string[]): Promise<Manifest> {
  const name = names.find((it) => /^manifest-.*\.js$/.test(it))
  if (!name) throw new Error('The build has no manifest.')
  const text = await readFile(path.join(assets, name), 'utf8')
  return JSON.parse(text.replace(/^window\.__remixManifest=/, '').replace(/;$/, ''))
}
