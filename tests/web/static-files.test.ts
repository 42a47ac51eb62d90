import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { createStaticFiles } from '../../web/static-files.ts'

const script = 'console.log("hello")'
let serve: Awaited<ReturnType<typeof createStaticFiles>>

beforeAll(async () => {
  const outside = mkdtempSync(join(tmpdir(), 'files-'))
  const folder = join(outside, 'client')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(outside, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'assets/a.js'), script)
  writeFileSync(join(folder, 'assets/a.js.br'), brotliCompressSync(script))
  writeFileSync(join(folder, 'favicon.ico'), 'icon')
  serve = await createStaticFiles(folder)
  return () => rmSync(outside, { recursive: true, force: true })
})

const ask = (path: string, init?: RequestInit) => serve(new Request(new URL(path, 'http://localhost'), init))

test('what has its hash in its name is kept for good, compressed for who can read that', async () => {
  const response = ask('/assets/a.js', { headers: { 'accept-encoding': 'gzip, br' } })
  expect(response?.headers.get('cache-control')).toContain('immutable')
  expect(response?.headers.get('content-encoding')).toBe('br')
  expect(response?.headers.get('content-type')).toContain('text/javascript')
  expect(brotliDecompressSync(new Uint8Array((await response?.arrayBuffer()) ?? [])).toString()).toBe(script)
  expect(await ask('/assets/a.js')?.text()).toBe(script)
})

test('who has it already is told so', () => {
  const etag = ask('/favicon.ico')?.headers.get('etag') ?? ''
  expect(ask('/favicon.ico')?.headers.get('cache-control')).not.toContain('immutable')
  expect(ask('/favicon.ico', { headers: { 'if-none-match': etag } })?.status).toBe(304)
  expect(ask('/favicon.ico', { method: 'HEAD' })?.body).toBe(null)
})

test.each(['/nothing.js', '/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt', '/assets', '/'])(
  '%s is no file',
  (path) => expect(ask(path)).toBe(null),
)

test('files are not written to', () => {
  expect(ask('/favicon.ico', { method: 'POST' })).toBe(null)
})
