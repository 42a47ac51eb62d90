import { type DocumentNode, type GraphQLSchema, parse, type Source } from 'graphql'
import { AppError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { type Measures, measure } from './measure.ts'

/** What each limit is called when it refuses. */
const nouns = {
  queryTokens: 'tokens',
  queryDepth: 'levels',
  introspectionDepth: 'levels of introspection',
  queryAliases: 'aliases',
  queryRootFields: 'fields at the root',
  queryDirectives: 'directives',
  variablesDepth: 'levels in its variables',
  queryCost: 'cost',
} as const

type LimitName = keyof typeof nouns

function tooComplex(limitName: LimitName, limit: number, actual: number): AppError {
  return new AppError('QUERY_TOO_COMPLEX', `The request has more ${nouns[limitName]} than ${limit}.`, {
    limitName,
    limit,
    actual: Math.min(actual, Number.MAX_SAFE_INTEGER),
  })
}

/** A parser that stops at the limit: a longer document is not read on. Throws QUERY_TOO_COMPLEX. */
export function parserFor({ queryTokens }: Pick<Limits, 'queryTokens'>): typeof parse {
  return (source: string | Source, options) => {
    if (moreComments(typeof source === 'string' ? source : source.body, queryTokens))
      throw tooComplex('queryTokens', queryTokens, queryTokens + 1)
    try {
      return parse(source, { ...options, maxTokens: queryTokens })
    } catch (error) {
      if (error instanceof Error && /tokens\. Parsing aborted/.test(error.message))
        throw tooComplex('queryTokens', queryTokens, queryTokens + 1)
      throw error
    }
  }
}

/** The parser skips comments without counting them, however many there are. Reads each character once. */
function moreComments(text: string, limit: number): boolean {
  const next = /[#"]/g
  let comments = 0
  for (let at = next.exec(text)?.index; at !== undefined; at = next.exec(text)?.index) {
    if (text[at] === '#' && ++comments > limit) return true
    next.lastIndex = text[at] === '#' ? endOfLine(text, at) : endOfString(text, at)
  }
  return false
}

const endOfLine = (text: string, from: number) => indexOr(text, text.indexOf('\n', from))

const indexOr = (text: string, index: number) => (index === -1 ? text.length : index + 1)

function endOfString(text: string, from: number): number {
  if (text.startsWith('"""', from)) {
    let end = text.indexOf('"""', from + 3)
    while (end > 0 && text[end - 1] === '\\') end = text.indexOf('"""', end + 1)
    return end === -1 ? text.length : end + 3
  }
  const string = /"(?:\\.|[^"\\\n\r])*"?/y
  string.lastIndex = from
  return from + (string.exec(text)?.[0].length ?? 1)
}

/** What the request costs. Throws QUERY_TOO_COMPLEX when one of its measures is over its limit. */
export function checkedCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  limits: Limits,
): number {
  const measures = measure(schema, document, variables, limits)
  for (const [name, actual] of Object.entries(measures) as [keyof Measures, number][])
    if (actual > limits[name]) throw tooComplex(name, limits[name], actual)
  return measures.queryCost
}

/** Throws QUERY_TOO_COMPLEX for variables that are nested too deep. Looks no deeper than that. */
export function checkVariables(variables: unknown, { variablesDepth }: Pick<Limits, 'variablesDepth'>): void {
  if (deeperThan(variables, variablesDepth)) throw tooComplex('variablesDepth', variablesDepth, variablesDepth + 1)
}

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((it) => deeperThan(it, levels - 1))
}
