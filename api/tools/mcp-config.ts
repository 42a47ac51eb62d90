import { readFileSync } from 'node:fs'
import { z } from 'zod'

/**
 * When a person is asked before a tool runs. `destructive`: when it may destroy something. That is also so for a tool that
 * says neither that it only reads nor that it destroys nothing, as the protocol has it.
 */
export type Approval = 'always' | 'never' | 'destructive'

/** One tool server of the operator's file. */
export type ServerConfig = {
  name: string
  /** By the server's name of the tool; `*` is for every other one. */
  needsApproval: Readonly<Record<string, Approval>>
} & (ChildConfig | HttpConfig)

export type ChildConfig = {
  kind: 'child'
  command: string
  args: readonly string[]
  cwd: string | undefined
  /** All that the child knows of the environment. */
  env: Readonly<Record<string, string>>
}

export type HttpConfig = {
  kind: 'http'
  url: string
  headers: Readonly<Record<string, string>>
  /** A header that says for whom a call is made: with the user's id, or with a token for this server alone. */
  userHeader: { name: string; value: 'id' | 'token'; audience: string } | null
}

export type McpConfigSource = {
  /** Empty: there is none. */
  file: string
  /** Whether it was asked for: then it must be there. */
  required: boolean
  /** What `${NAME}` stands for. */
  variables: Readonly<Record<string, string | undefined>>
}

/** What a child may see of our own environment without being told: no secret is among it. */
const inherited = ['HOME', 'LANG', 'LC_ALL', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER']

const approval = z.enum(['always', 'never', 'destructive'])
const common = {
  disabled: z.boolean().optional(),
  needsApproval: z
    .union([approval.transform((all) => ({ '*': all })), z.record(z.string(), approval)], {
      error: 'is neither always, never or destructive, nor an object that says so by tool',
    })
    .default({ '*': 'destructive' }),
}

const Child = z.strictObject({
  ...common,
  type: z.literal('stdio').optional(),
  command: z.string().min(1, 'is empty'),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  cwd: z.string().min(1).optional(),
})

const url = z
  .url({ protocol: /^https?$/, error: 'is no http or https address' })
  .refine((it) => !/^https?:\/\/[^/]*@/.test(it), 'must not hold a password: use headers')

const Http = z.strictObject({
  ...common,
  type: z.enum(['http', 'streamable-http', 'streamableHttp']).optional(),
  url,
  headers: z
    .record(z.string(), z.string())
    .default({})
    .refine((headers) => Object.entries(headers).every(isHeader), 'are not all headers of HTTP'),
  userHeader: z
    .strictObject({
      name: z.string().refine((name) => isHeader([name, 'x']), 'is no name of a header'),
      value: z.enum(['id', 'token']),
      audience: z.string().min(1).optional(),
    })
    .optional(),
})

/**
 * Reads the operator's file of tool servers: the one place from which commands and addresses come. Those that are
 * disabled are left out. Throws one error that names every fault.
 */
export function readMcpConfig(
  { file, required, variables }: McpConfigSource,
  reserved: readonly string[] = [],
): ServerConfig[] {
  const text = file === '' ? null : readText(file, required)
  if (text === null) return []
  const faults: string[] = []
  const configs: ServerConfig[] = []
  for (const [name, raw] of Object.entries(serversIn(file, text))) {
    const at = `mcpServers.${name}`
    const found: string[] = []
    if (!/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/.test(name))
      found.push(`${at}: a name has 1 to 40 letters, digits, spaces, dots, dashes and underscores`)
    if (reserved.includes(name)) found.push(`${at}: is the name of a built-in server`)
    const config = readServer(name, raw, at, variables, found)
    if (config && found.length === 0) configs.push(config)
    faults.push(...found)
  }
  if (faults.length > 0) throw unusable(file, faults)
  return configs
}

function readText(file: string, required: boolean): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (missing && !required) return null
    throw unusable(file, [missing ? 'it is not there' : 'it cannot be read'])
  }
}

function serversIn(file: string, text: string): Record<string, unknown> {
  const { data } = z
    .looseObject({ mcpServers: z.custom<Record<string, unknown>>(isObject) })
    .safeParse(parse(file, text))
  if (!data) throw unusable(file, ['it has no object "mcpServers"'])
  return data.mcpServers
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unusable(file, [`it is not JSON (${error instanceof Error ? error.message : 'unreadable'})`])
  }
}

/** Null when it is disabled or faulty; the faults are added to `found`. */
function readServer(
  name: string,
  raw: unknown,
  at: string,
  variables: McpConfigSource['variables'],
  found: string[],
): ServerConfig | null {
  const { data: outline } = z.looseObject({}).safeParse(raw)
  if (!outline) {
    found.push(`${at}: is no object`)
    return null
  }
  const disabled = outline.disabled === true
  if (outline.type === 'sse') found.push(`${at}.type: sse is no longer spoken; use the Streamable HTTP address`)
  else if ('command' in outline === 'url' in outline) found.push(`${at}: needs either command or url`)
  if (found.length > 0) return null
  // What is switched off may name variables that are not set.
  const filled = disabled ? outline : withVariables(outline, at, variables, found)
  if (found.length > 0) return null
  const { data, error } = 'command' in outline ? Child.safeParse(filled) : Http.safeParse(filled)
  for (const issue of error?.issues ?? []) found.push(`${[at, ...issue.path].join('.')}: ${issue.message}`)
  if (!data || disabled) return null
  const { needsApproval } = data
  if ('command' in data) {
    const { command, args, cwd, env } = data
    return { name, needsApproval, kind: 'child', command, args, cwd, env: { ...ownEnvironment(variables), ...env } }
  }
  const { url, headers, userHeader } = data
  return {
    ...{ name, needsApproval, kind: 'http', url, headers },
    userHeader: userHeader ? { ...userHeader, audience: userHeader.audience ?? url } : null,
  }
}

/** The same with `${NAME}` and `${NAME:-otherwise}` replaced in every text. */
function withVariables(value: unknown, at: string, variables: McpConfigSource['variables'], found: string[]): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (_, name: string, otherwise?: string) => {
      const known = variables[name] || otherwise
      if (known === undefined) found.push(`${at}: the variable ${name} is not set`)
      return known ?? ''
    })
  if (Array.isArray(value)) return value.map((it, index) => withVariables(it, `${at}.${index}`, variables, found))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, it]) => [key, withVariables(it, `${at}.${key}`, variables, found)]),
  )
}

function ownEnvironment(variables: McpConfigSource['variables']): Record<string, string> {
  return Object.fromEntries(
    inherited.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])),
  )
}

function isHeader([name, value]: [string, string]): boolean {
  try {
    new Headers([[name, value]])
    return true
  } catch {
    return false
  }
}

function unusable(file: string, faults: readonly string[]): Error {
  return new Error(`The tool servers of ${file} are not usable:\n${faults.map((it) => `  ${it}\n`).join('')}`)
}
