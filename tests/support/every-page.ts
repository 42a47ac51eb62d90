import { globSync } from 'node:fs'
import { basename } from 'node:path'
import type { LoaderFunctionArgs } from '@remix-run/node'

export type PageRow = {
  /** As Remix reads it from the name of the file: `dashboard.chat.$id`. */
  name: string
  /** Whether its address names a conversation. */
  namesConversation: boolean
  /** What its loader gives for this person: the status, and all that a page could show of it. */
  load(
    request: Request,
    api: LoaderFunctionArgs['context']['api'],
    id: string,
  ): Promise<{ status: number; told: string }>
}

/** Members of addresses, and what they name. */
const samples: Record<string, (id: string) => string> = { id: (id) => id, provider: () => 'nobody' }

/** One row per page and address that reads something. Throws for a part of an address that nobody said a value for. */
export async function rowsOfPages(): Promise<PageRow[]> {
  const files = globSync('web/app/routes/**/*.{ts,tsx}').filter(
    (it) => /\/(route\.tsx?|[^/]+\/route\.tsx?)$/.test(it) || /routes\/[^/]+\.tsx?$/.test(it),
  )
  const rows: PageRow[] = []
  for (const file of files.sort()) {
    const { loader }: { loader?: (args: LoaderFunctionArgs) => unknown } = await import(/* @vite-ignore */ `/${file}`)
    if (!loader) continue
    const name = basename(file).startsWith('route.')
      ? (file.split('/').at(-2) ?? '')
      : basename(file).replace(/\.\w+$/, '')
    const parts = [...name.matchAll(/\$(\w+)/g)].map(([, part = '']) => part)
    for (const part of parts) if (!samples[part]) throw new Error(`$${part} of ${name} is new. Give it a sample.`)
    rows.push({
      name,
      namesConversation: parts.includes('id'),
      async load(request, api, id) {
        const params = Object.fromEntries(parts.map((part) => [part, samples[part]?.(id) ?? '']))
        const args = { request, params, context: { api, chatkitDomainKey: 'x', nonce: 'x' } } as LoaderFunctionArgs
        return read(await (async () => loader(args))().catch((thrown: unknown) => thrown))
      },
    })
  }
  return rows
}

/** Of an answer, of data with a status, of data alone. */
async function read(result: unknown): Promise<{ status: number; told: string }> {
  if (result instanceof Response)
    return { status: result.status, told: `${JSON.stringify([...result.headers])}\n${await result.text()}` }
  if (result instanceof Error) throw result
  const status = (result as { init?: { status?: number } } | null)?.init?.status ?? 200
  return { status, told: JSON.stringify(result) }
}
