import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUp, cleanUpAfterFile } from './support/cleaning.ts'
import { keyOf } from './support/key.ts'
import { password, type User } from './support/user.ts'

const execute = promisify(execFile)
const guide = readFileSync('docs/guides/graphql-client.md', 'utf8')

/** The blocks of a language by the name that their first line gives them. */
const blocksOf = (language: string) =>
  new Map(
    [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(?:#|//) (.+)\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
      ([, name = '', code = '']) => [name, code] as const,
    ),
  )

const [scripts, commands, pythons] = [blocksOf('ts'), blocksOf('sh'), blocksOf('python')]

let app: TestApp
let ada: User
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  app = await startApp()
  ada = await app.user('ada')
  const { key } = await keyOf(ada, ['conversations:read', 'conversations:write', 'runs:write', 'tasks:read'])
  env = { ...process.env, PARLEY_URL: app.url, PARLEY_TOKEN: key }
})

/** Runs a block with Node as a program that somebody copied, and gives what it printed. */
async function runs(name: string, more: Record<string, string> = {}): Promise<string> {
  const code = scripts.get(name)
  if (!code) throw new Error(`The guide has no ${name} any more`)
  const follower = pathToFileURL(resolve('schema/follow.ts')).href
  const folder = 'node_modules/.cache/parley-guide' // from where packages are found
  mkdirSync(folder, { recursive: true })
  const file = join(mkdtempSync(join(folder, 'x-')), `${name}.mjs`)
  cleanUp(() => rmSync(resolve(file, '..'), { recursive: true, force: true }))
  writeFileSync(file, stripTypeScriptTypes(code.replace('./schema/follow.ts', follower)))
  const { stdout } = await execute(process.execPath, [file], { env: { ...env, ...more }, timeout: 30_000 })
  return stdout
}

async function curls(name: string, more: Record<string, string> = {}): Promise<string> {
  const command = commands.get(`curl: ${name}`)
  if (!command) throw new Error(`The guide has no curl: ${name} any more`)
  const { stdout } = await execute('sh', ['-c', command], { env: { ...env, ...more }, timeout: 30_000 })
  return stdout
}

describe('the guide for clients', () => {
  test('asks with fetch, page by page', async () => {
    await ada.hears('Add "buy oat milk"')
    const [line] = (await runs('fetch.ts')).trim().split('\n')
    expect(line).toMatch(/^\d{4}-\d{2}-\d{2}T\S+Z \S/)
  })

  test('searches with urql', async () => {
    expect(await runs('urql.ts')).toMatch(/\| .*\*oat\* \*milk\*[\s\S]*\d+ in all/)
  })

  test('sends and follows', async () => {
    expect(await runs('follow.ts')).toMatch(/\S[\s\S]*\nCOMPLETED\n$/)
  })

  test('follows a conversation with graphql-sse', async () => {
    const { conversation } = await ada.asks('Hello')
    const told = await runs('graphql-sse.ts', { CONVERSATION: conversation.id, AFTER: await cursorOf(conversation.id) })
    expect(told).toMatch(/^ConversationUpdated\n/)
    expect(told).toMatch(/RunEnded\n$/)
  })

  test('waits when it was too fast, and says what a request cost', async () => {
    expect(await runs('patient.ts')).toMatch(/"rateLimit":\{"cost":\d+.*"limit":\d+/)
  })

  test('asks and follows with curl, and signs in', async () => {
    const { run } = await ada.hears('Hi')
    expect(JSON.parse(await curls('ask')).data.conversations.edges.length).toBeGreaterThan(0)
    const followed = await curls('follow', { RUN: run.id })
    expect(followed).toContain('"__typename":"RunEnded"')
    expect(followed).toContain('event: complete')
    const folder = mkdtempSync(join(tmpdir(), 'parley-'))
    cleanUpAfterFile(() => rmSync(folder, { recursive: true, force: true }))
    const token = await curls('token', { JAR: join(folder, 'jar'), EMAIL: ada.email, PASSWORD: password })
    expect(JSON.parse(token).token).toMatch(/^ey/)
  })

  test('has TypeScript of which the types hold', () => {
    const folder = 'node_modules/.cache/parley-guide'
    mkdirSync(folder, { recursive: true })
    const within = mkdtempSync(join(folder, 'types-'))
    cleanUp(() => rmSync(within, { recursive: true, force: true }))
    const files = [...scripts].map(([name, code]) => {
      const file = join(within, name)
      // As modules: what is awaited at the top, and names that come in several blocks.
      writeFileSync(file, `${code.replace('./schema/follow.ts', resolve('schema/follow.ts'))}\nexport {}\n`)
      return file
    })
    const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.')
    const program = ts.createProgram(files, { ...options, noEmit: true, incremental: false, composite: false })
    const wrong = files.flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    expect(wrong.map((it) => `${it.file?.fileName}: ${ts.flattenDiagnosticMessageText(it.messageText, ' ')}`)).toEqual(
      [],
    )
  }, 120_000)

  test('has Python that Python can read', async () => {
    expect([...pythons.keys()]).toEqual(['ask.py', 'follow.py'])
    const check = 'import ast, sys; ast.parse(sys.argv[1])'
    for (const [name, code] of pythons) {
      const read = await execute('python3', ['-c', check, code]).catch((error: NodeJS.ErrnoException) => error)
      if ('code' in read && read.code === 'ENOENT') continue // no Python on this machine
      expect(read, name).toMatchObject({ stderr: '' })
    }
  })

  test('has no block that nobody runs', () => {
    expect([...scripts.keys()]).toEqual(['fetch.ts', 'urql.ts', 'follow.ts', 'graphql-sse.ts', 'patient.ts'])
    expect([...commands.keys()]).toEqual(['curl: token', 'curl: ask', 'curl: follow'])
  })

  test('leads to files that are there', () => {
    const links = [...guide.matchAll(/\]\((\.\.[^)#]+)/g)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) expect(() => readFileSync(join('docs/guides', link)), link).not.toThrow(/ENOENT/)
  })
})

/** Where the conversation stood before its newest run. */
async function cursorOf(id: string): Promise<string> {
  const { conversation } = await ada.query<{ conversation: { eventCursor: string } }>(
    'query ($id: ID!) { conversation(id: $id) { eventCursor } }',
    { id },
  )
  return conversation.eventCursor
}
