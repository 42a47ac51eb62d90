import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Viewer } from '../auth/viewer.ts'
import { AppError } from '../errors.ts'

type Files = Map<string, { type: string; body: string }>

/**
 * GraphiQL without any outside host: its page at /graphql for browsers, its script, style and workers as files that are
 * named by their hash. Whoever has no session is led to sign-in. Gives null for requests that are not for it.
 */
export function createGraphiql(authenticate: (request: Request) => Promise<Viewer>) {
  let workbench: Promise<{ page: string; files: Files }> | undefined
  // Nine megabytes that most processes never serve: read at the first visit.
  const load = () => {
    workbench ??= readWorkbench()
    return workbench
  }
  return async (request: Request): Promise<Response | null> => {
    const { pathname } = new URL(request.url)
    if (request.method !== 'GET') return null
    if (pathname.startsWith(assets)) return file((await load()).files.get(pathname))
    if (!request.headers.get('accept')?.includes('text/html')) return null
    if (!(await isSignedIn(request, authenticate)))
      return new Response(null, {
        status: 302,
        headers: { location: '/sign-in?to=/graphql', 'cache-control': 'no-store' },
      })
    return new Response((await load()).page, { headers: pageHeaders })
  }
}

const assets = '/graphql/assets/'

/** The editor writes style elements of its own; scripts and workers come from our files only. */
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
}

async function isSignedIn(request: Request, authenticate: (request: Request) => Promise<Viewer>): Promise<boolean> {
  try {
    await authenticate(request)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return false
    throw error
  }
}

function file(found: { type: string; body: string } | undefined): Response {
  if (!found) return new Response('Not found', { status: 404 })
  return new Response(found.body, {
    headers: { 'content-type': found.type, 'cache-control': 'public, max-age=31536000, immutable' },
  })
}

async function readWorkbench(): Promise<{ page: string; files: Files }> {
  const parts = await import('@graphql-yoga/render-graphiql/graphiql')
  const files: Files = new Map()
  const add = (name: string, type: string, body: string) => {
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 16)
    const path = `${assets}${name}-${hash}.${type === 'text/css' ? 'css' : 'js'}`
    files.set(path, { type: `${type}; charset=utf-8`, body })
    return path
  }
  const workers = {
    editorWorkerService: add('editor-worker', 'text/javascript', parts.editorWorkerService),
    json: add('json-worker', 'text/javascript', parts.jsonWorker),
    graphql: add('graphql-worker', 'text/javascript', parts.graphqlWorker),
  }
  const style = add('graphiql', 'text/css', parts.css + tabsStayInPlace)
  const script = add('graphiql', 'text/javascript', parts.js)
  const start = add('start', 'text/javascript', startScript(workers, await exampleTabs()))
  return { page: pageOf(style, [script, start], parts.favicon), files }
}

/** With several tabs from the start GraphiQL moves the one that is pressed away from under the pointer: no click arrives. */
const tabsStayInPlace = '\n.graphiql-tab.graphiql-tab { transform: none !important }\n'

function startScript(workers: Record<string, string>, defaultTabs: object[]): string {
  return `const workers = ${JSON.stringify(workers)}
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_, label) => workers[label] ?? workers.editorWorkerService }
YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), ${JSON.stringify({
    title: 'Parley GraphiQL',
    credentials: 'same-origin',
    subscriptionsProtocol: 'GRAPHQL_SSE',
    shouldPersistHeaders: false,
    defaultTabs,
  })})
`
}

const pageOf = (style: string, scripts: string[], favicon: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>GraphiQL · Parley</title>
    <link rel="icon" href="${favicon}" />
    <link rel="stylesheet" href="${style}" />
  </head>
  <body class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
${scripts.map((script) => `    <script src="${script}"></script>`).join('\n')}
  </body>
</html>
`

/** What the tabs hold at first: documents that anyone may copy, with variables to try them. */
const examples = [
  ['who-am-i', null],
  ['first-page', null],
  ['whole-conversation', { id: 'the id of a conversation, from FirstPage' }],
  ['search', { query: 'oat milk' }],
  ['send-message', { input: { content: 'Add "buy oat milk" for Friday, then show my open tasks' } }],
  ['follow-run', { runId: 'the id of the run, from SendMessage' }],
  ['follow-conversation', { conversationId: 'the id of a conversation', after: null }],
  ['stop-run', { runId: 'the id of a run that is at work' }],
  ['decide-tool-call', { input: { toolCallId: 'the id of a call that waits', decision: 'APPROVE' } }],
  ['create-api-key', { name: 'My program', scopes: ['conversations:read'] }],
  ['export', { format: 'JSONL' }],
  ['follow-viewer', null],
] as const

function exampleTabs(): Promise<object[]> {
  return Promise.all(
    examples.map(async ([name, variables]) => ({
      query: await readFile(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8'),
      variables: variables && JSON.stringify(variables, null, 2),
    })),
  )
}
