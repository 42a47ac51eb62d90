import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/**
 * The first wall, read from the source: every query through the ORM says whose rows it means, and every statement in SQL
 * does too. So that not one condition can be taken away unseen, whichever way a request reaches it.
 */
const files = globSync('api/{auth,conversations,tasks,runs,tools,chatkit,graphql,mcp,transfer}/**/*.ts').sort()
const queries = ['find', 'findOne', 'findOneOrFail', 'count', 'nativeDelete', 'nativeUpdate', 'findAndCount', 'stream']

/** What names the owner: the condition itself, or the columns when the owner is known from a row that was checked. */
const owner = /\bowned\(|\buserId\b|\buser_id\b/

type Found = { file: string; text: string; owned: boolean }

const found = files.flatMap((file) =>
  queriesIn(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)),
)

function queriesIn(source: ts.SourceFile): Found[] {
  const list: Found[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'keysetPage')
      list.push({ file: source.fileName, text: node.getText(), owned: namesOwner(node, source) })
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression
      const isEntityManager = /\bem(\.fork\(\))?$|\bas\([^)]*\)$|asSystem\(\)$|#system\(\)$/.test(expression.getText())
      if (isEntityManager && (queries.includes(name.text) || name.text === 'execute'))
        list.push({ file: source.fileName, text: node.getText(), owned: namesOwner(node, source) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return list
}

/** In the call itself, or in what it hands over: a constant of the function, a function of the file. */
function namesOwner(call: ts.CallExpression, source: ts.SourceFile): boolean {
  const said = call.arguments.map((it) => it.getText()).join(' ')
  if (owner.test(said)) return true
  const names = new Set<string>()
  const collect = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text)
    ts.forEachChild(node, collect)
  }
  for (const argument of call.arguments) collect(argument)
  return [...names].some((name) => owner.test(meaningOf(name, call, source)))
}

/** What a name stands for, where the call is. */
function meaningOf(name: string, from: ts.Node, source: ts.SourceFile): string {
  let scope: ts.Node | undefined = from
  while (scope) {
    const declared = declarationIn(scope, name)
    if (declared) return declared
    scope = scope.parent
  }
  return declarationIn(source, name) ?? ''
}

function declarationIn(scope: ts.Node, name: string): string | null {
  let text: string | null = null
  const statements = ts.isBlock(scope) || ts.isSourceFile(scope) ? scope.statements : []
  for (const statement of statements) {
    if (ts.isVariableStatement(statement))
      for (const { name: declared, initializer } of statement.declarationList.declarations)
        if (declared.getText() === name) text = initializer?.getText() ?? null
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) text = statement.getText()
  }
  return text
}

/** Not about anybody's rows. */
const aboutNobody = [/pg_advisory_xact_lock/, /select set_config/, /notify|pg_notify/i, /show |server_version/i]

/** Functions of the database that look at `app.user_id` themselves. */
const ownFunctions = [/\bsearch_(similar|hits)\(/, /this\.#em\.execute<\{ query: string \}\[\]>\(sql/]

/** Jobs that work through the rows of all: only these files may use the system's identity. */
const systemJobs = [
  'api/auth/units.ts',
  'api/runs/begin-waiting.ts',
  'api/runs/chunk-store.ts',
  'api/runs/lease.ts',
  'api/runs/retention.ts',
  'api/runs/run-worker.ts',
]

describe('every query', () => {
  test('is found', () => {
    expect(found.length).toBeGreaterThan(60)
  })

  test('says whose rows it means', () => {
    const silent = found.filter(
      ({ file, text, owned }) =>
        !owned && !systemJobs.includes(file) && ![...aboutNobody, ...ownFunctions].some((it) => it.test(text)),
    )
    expect(silent.map(({ file, text }) => `${file}: ${text.replace(/\s+/g, ' ').slice(0, 160)}`)).toEqual([])
  })

  test('across users is a background job’s', () => {
    const using = files.filter((file) => /\basSystem\b/.test(readFileSync(file, 'utf8')))
    expect(using.filter((file) => !systemJobs.includes(file))).toEqual([])
  })
})

test('whose rows is decided in one place', () => {
  const text = readFileSync('api/auth/viewer.ts', 'utf8')
  expect(text).toContain('ownerCondition.enabled ? { userId: viewer.id } : {}')
  const writers = globSync('{api,web}/**/*.{ts,tsx}', { exclude: ['web/build/**'] }).filter((file) =>
    /ownerCondition/.test(readFileSync(file, 'utf8')),
  )
  expect(writers).toEqual(['api/auth/viewer.ts'])
})
