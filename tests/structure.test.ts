import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/** Who may import whom inside api: only downwards in this list, never sideways, never up. `import type` counts too. */
const leaves = ['errors', 'ids', 'language', 'page', 'limits', 'outage']
const below = {
  nouns: ['auth', 'bell', ...leaves],
  tools: ['tasks', 'conversations', 'auth', 'bell', ...leaves],
  runs: ['tools', 'tasks', 'conversations', 'auth', 'bell', ...leaves],
  transfer: ['runs', 'tools', 'tasks', 'conversations', 'auth', 'bell', ...leaves],
  doors: ['transfer', 'runs', 'tools', 'tasks', 'conversations', 'auth', 'bell', ...leaves],
}
const mayImport: Record<string, readonly string[]> = {
  main: ['app', 'config', 'listen', 'outage'],
  dev: ['app', 'config', 'listen'],
  export: ['transfer', 'database', 'config'],
  'reset-password': ['auth', 'database', 'config'],
  seed: ['database', 'config'],
  app: [...below.doors, 'graphql', 'chatkit', 'mcp', 'database', 'config'],
  graphql: below.doors,
  chatkit: below.doors,
  mcp: below.doors,
  transfer: below.transfer,
  runs: below.runs,
  tools: below.tools,
  tasks: below.nouns,
  conversations: below.nouns,
  auth: leaves,
  bell: leaves,
  database: ['transfer', 'runs', 'tasks', 'conversations', 'auth'],
  page: ['errors', 'limits'],
  config: ['limits'],
  listen: ['limits'],
  errors: [],
  ids: [],
  language: [],
  limits: [],
  outage: ['errors'],
}

/** Where a vendor's SDK may be imported: one file, two if it has a server and a client half. */
const vendors: Record<string, readonly string[]> = {
  openai: ['api/runs/openai-model.ts'],
  '@modelcontextprotocol/sdk': ['api/tools/mcp-client.ts', 'api/tools/server/server.ts'],
  'better-auth': ['api/auth/better-auth.ts'],
  nodemailer: ['api/auth/mailer.ts'],
  'graphql-yoga': ['api/graphql/endpoint.ts', 'api/graphql/defences.ts'],
  '@pothos/core': ['api/graphql/builder.ts'],
  '@electric-sql/pglite': ['api/database/embedded.ts'],
  pg: ['api/database/postgres.ts'],
  'typeid-js': ['api/ids.ts'],
  jose: ['api/auth/token.ts'],
  '@openai/chatkit-react': ['web/app/routes/dashboard.chat/chat.tsx'],
  'graphql-sse': ['schema/follow.ts'],
}

/** Who may look at the environment: programs, which hand it to the configuration, and the build of the web. */
const programs = [
  'api/main.ts',
  'api/dev.ts',
  'api/export.ts',
  'api/reset-password.ts',
  'api/seed.ts',
  'api/database/prepare.ts',
  'api/database/migrate.ts',
  'web/main.ts',
]
const readersOfEnvironment = [...programs, 'web/build.ts', 'web/vite.config.ts']

type Import = { from: string; names: string; to: string | null }

const sources = ['api', 'web', 'schema', 'bench', 'tests'].flatMap((folder) =>
  globSync(`${folder}/**/*.{ts,tsx,mts,js,mjs}`, { exclude: ['web/build/**', 'schema/generated/**'] }),
)
const parsed = new Map(
  sources.map((file) => [file, ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)]),
)
const imports: Import[] = sources.flatMap((from) =>
  namedIn(parsed.get(from)).map((names) => ({ from, names, to: fileNamed(from, names) })),
)
const within = (folder: string) => imports.filter(({ from }) => from.startsWith(`${folder}/`))

/** What a file imports, in every way of saying so. */
function namedIn(node: ts.Node | undefined): string[] {
  if (!node) return []
  const names: string[] = []
  const note = (name: ts.Node | undefined) => {
    if (name && ts.isStringLiteralLike(name)) names.push(name.text)
  }
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) note(node.moduleSpecifier)
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal)
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) note(node.arguments[0])
  ts.forEachChild(node, (child) => void names.push(...namedIn(child)))
  return names
}

/** The file of ours that an import names; null for a package. */
function fileNamed(from: string, name: string): string | null {
  if (!/^(\.|~\/)/.test(name)) return null
  const path = name.startsWith('~/') ? join('web/app', name.slice(2)) : normalize(join(dirname(from), name))
  const endings = ['', '.ts', '.tsx', '/index.ts']
  return endings.map((ending) => path + ending).find((it) => sources.includes(it)) ?? path
}

/** `graphql` for api/graphql/schema.ts, `errors` for api/errors.ts. */
const placeOf = (file: string) => (file.split('/')[1] ?? '').replace(/\.ts$/, '')

const said = ({ from, names }: Import) => `${from} imports ${names}`

describe('imports', () => {
  test('are there to be judged', () => {
    expect(within('api').length).toBeGreaterThan(50)
    expect(within('tests').length).toBeGreaterThan(10)
  })

  test('run one way inside api', () => {
    const wrong = within('api').filter(({ from, to }) => {
      if (!to?.startsWith('api/') || placeOf(from) === placeOf(to)) return false
      if (to === 'api/config.ts' && programs.includes(from)) return false
      return !mayImport[placeOf(from)]?.includes(placeOf(to))
    })
    expect(wrong.map(said)).toEqual([])
  })

  test('every place in api has its line in the table', () => {
    const places = new Set(sources.filter((it) => it.startsWith('api/')).map(placeOf))
    expect([...places].filter((it) => !(it in mayImport))).toEqual([])
  })

  test('of the database reach entities and what they stand on, nothing else', () => {
    const wrong = within('api/database').filter(
      ({ from, to }) =>
        to?.startsWith('api/') &&
        !/^api\/database\/|\.entity\.ts$|^api\/auth\/units\.ts$/.test(to) &&
        !(to === 'api/config.ts' && programs.includes(from)),
    )
    expect(wrong.map(said)).toEqual([])
  })

  test('of api never leave it, but for the server of the pages', () => {
    const wrong = within('api').filter(({ to }) => to && !/^(api\/|web\/(server|dev)\.ts$)/.test(to))
    expect(wrong.map(said)).toEqual([])
  })

  test('of web reach the generated contract and the follower at most', () => {
    const wrong = within('web').filter(({ to }) => to && !/^(web\/|schema\/generated\/|schema\/follow\.ts$)/.test(to))
    expect(wrong.map(said)).toEqual([])
  })

  test('of the follower are the one package that it needs, so that it can be copied', () => {
    expect(imports.filter(({ from }) => from === 'schema/follow.ts').map(({ names }) => names)).toEqual(['graphql-sse'])
  })

  test('of programs alone reach the server of the pages', () => {
    const reaching = imports.filter(({ from, to }) => !from.startsWith('web/') && to?.match(/^web\/(server|dev)\.ts$/))
    expect(reaching.map(({ from }) => from).toSorted()).toEqual(['api/dev.ts', 'api/main.ts'])
  })

  test('of the walks through the browser know nothing but the page', () => {
    const wrong = within('tests/e2e').filter(({ to }) => to && !/^tests\/(e2e|support)\//.test(to))
    expect(wrong.map(said)).toEqual([])
  })

  test('that Node follows itself name the whole file', () => {
    const wrong = [...within('api'), ...within('tests')].filter(
      ({ from, names, to }) => to && !(existsSync(join(dirname(from), names)) && /\.\w+$/.test(names)),
    )
    expect(wrong.map(said)).toEqual([])
  })

  test('never go in a circle', () => {
    expect(circles()).toEqual([])
  })

  test.each(Object.entries(vendors))('of %s are in one place', (vendor, places) => {
    const importing = imports.filter(
      ({ from, names }) => /^(api|web|schema)\//.test(from) && (names === vendor || names.startsWith(`${vendor}/`)),
    )
    expect(importing.filter(({ from }) => !places.includes(from)).map(said)).toEqual([])
    expect(
      places.filter((it) => importing.every(({ from }) => from !== it)),
      'named here, but not used',
    ).toEqual([])
  })
})

/** Every circle of imports, named by its files. */
function circles(): string[] {
  const next = Map.groupBy(
    imports.filter(({ to }) => to !== null),
    ({ from }) => from,
  )
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (done.has(file) || path.includes(file)) return
    for (const { to } of next.get(file) ?? []) if (to) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of sources) visit(file, [])
  return found
}

describe('files', () => {
  test('are named after what they do', () => {
    const names = sources.flatMap((file) => [basename(file).replace(/(\.\w+)+$/, ''), ...dirname(file).split('/')])
    expect(names.filter((it) => /^(utils?|helpers?|common|types|index|misc|shared|lib)$/.test(it))).toEqual([])
  })

  test('do something themselves: none only hands on what others export', () => {
    const handsOn = (file: string) => {
      const statements = parsed.get(file)?.statements ?? []
      return statements.length > 0 && statements.every((it) => ts.isExportDeclaration(it) && it.moduleSpecifier)
    }
    expect(sources.filter(handsOn)).toEqual([])
  })

  test('take the environment from the configuration', () => {
    const reads = (file: string) => /\bprocess\s*\.\s*env\b|\bimport\.meta\.env\b/.test(readFileSync(file, 'utf8'))
    const readers = sources.filter((it) => /^(api|web)\//.test(it)).filter(reads)
    expect(readers.sort()).toEqual([...readersOfEnvironment].sort())
  })
})

test('docker-compose.yml hands on every setting of the README', () => {
  const table = readFileSync('README.md', 'utf8').match(/^\| `[A-Z].*$/gm) ?? []
  const names = table.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name),
  )
  const composed = readFileSync('docker-compose.yml', 'utf8')
  expect(names.length).toBeGreaterThan(25)
  // The data folder is that of the embedded database, which is not used there.
  const missing = names.filter((name) => !new RegExp(`^\\s+${name}:`, 'm').test(composed))
  expect(missing).toEqual(['PARLEY_DATA_DIR'])
})

test('the proxy of docker-compose.yml sends every path of the API to the API', () => {
  const paths = [...readFileSync('api/app.ts', 'utf8').matchAll(/'(\/[a-z]+)/g)].map(([, path = '']) => path)
  const proxied = readFileSync('.docker/Caddyfile', 'utf8')
  expect(paths.length).toBeGreaterThan(5)
  expect(paths.filter((path) => !new RegExp(`path .*${path}(?![a-z])`).test(proxied))).toEqual([])
})
