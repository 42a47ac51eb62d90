import { isIP } from 'node:net'
import { z } from 'zod'
import { type Limits, limitsSchema } from './limits.ts'

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const longest = isIP(address) === 4 ? 32 : 128
  const isWide = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest)
  return isIP(address) > 0 && isWide && more.length === 0
}

const origin = z
  .url({ protocol: /^https?$/ })
  .refine(isOrigin, 'must be an origin alone, such as https://parley.example: no path, no query, nothing behind it')
  .transform((url) => new URL(url).origin)

/** What is no address at all is said elsewhere. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return true
  const { href, origin } = new URL(text)
  return href === `${origin}/`
}

/** What is different about the model's provider; left out members stay as they fit the base URL. */
const modelProfile = z.union(
  [
    z.enum(['openai', 'compatible']),
    z.strictObject({
      streamUsage: z.boolean().optional(),
      parallelToolCalls: z.boolean().nullable().optional(),
      strictFlag: z.boolean().optional(),
      systemRole: z.enum(['system', 'developer']).optional(),
      maxTokensField: z.enum(['max_completion_tokens', 'max_tokens']).optional(),
      echoReasoning: z.boolean().optional(),
      encryptedReasoning: z.boolean().optional(),
    }),
  ],
  { error: 'is neither openai, nor compatible, nor an object of such members' },
)

const Environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().min(1).optional(),
  PARLEY_URL: origin.optional(),
  PARLEY_SECRET: z.string().min(32, 'needs at least 32 characters').optional(),
  PARLEY_DATA_DIR: z.string().min(1).default('.parley'),
  PARLEY_SEARCH_LANGUAGE: z
    .string()
    .regex(/^[a-z_]{1,63}$/, 'is not the name of a text search configuration, such as english or german')
    .default('english'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  PARLEY_MODEL: z.string().min(1).max(200).default('gpt-5-mini'),
  PARLEY_MODELS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    ),
  PARLEY_MODEL_API: z.enum(['responses', 'chat']).default('responses'),
  PARLEY_MODEL_PROFILE: z
    .string()
    .transform((text, context) => (text.trim().startsWith('{') ? readJson(text, context) : text))
    .pipe(modelProfile)
    .optional(),
  PARLEY_MCP_CONFIG: z.string().optional(),
  PARLEY_TRANSCRIPTION_MODEL: z.string().min(1).max(200).optional(),
  PARLEY_GRAPHIQL: z.stringbool().default(true),
  PARLEY_CHATKIT_DOMAIN_KEY: z.string().min(1).default('local-dev'),
  PARLEY_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .refine((all) => all.every(isNetwork), 'must be addresses or networks (10.0.0.0/8) with commas between them'),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).max(320).optional(),
  GITHUB_CLIENT_ID: z.string().min(1).optional(),
  GITHUB_CLIENT_SECRET: z.string().min(1).optional(),
  GOOGLE_CLIENT_ID: z.string().min(1).optional(),
  GOOGLE_CLIENT_SECRET: z.string().min(1).optional(),
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  OIDC_NAME: z.string().min(1).max(40).default('single sign-on'),
  PARLEY_LIMITS: z
    .string()
    .default('{}')
    .transform(readJson)
    .pipe(z.record(z.string(), z.unknown(), { error: 'must be a JSON object' })),
})

function readJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
}

export type ModelConfig = {
  key: string | undefined
  baseUrl: string | undefined
  api: 'responses' | 'chat'
  /** The default one first. */
  names: [string, ...string[]]
  /** Writes down what people say; absent: dictation is refused. */
  transcription: string | undefined
  /** Where the provider differs from others; absent: as it fits the base URL. */
  profile: z.output<typeof modelProfile> | undefined
}

/** Settings of which one alone is a mistake. */
const together = [
  ['SMTP_URL', 'MAIL_FROM'],
  ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET'],
  ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
  ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'],
] as const

function missingIn(env: Record<string, string | undefined>): string[] {
  return together.flatMap((names) => {
    const given = names.find((name) => env[name])
    return given ? names.filter((name) => !env[name]).map((name) => `${name}: is required with ${given}`) : []
  })
}

type Client = { id: string; secret: string }

const clientOf = (id: string | undefined, secret: string | undefined): Client | undefined =>
  id && secret ? { id, secret } : undefined

/** Everything that the environment decides, checked. */
export type Config = Readonly<{
  production: boolean
  port: number
  host: string
  /** The public origin: audience of tokens, base of links. */
  url: string
  /** Absent in development: then one is made and kept in the data folder. */
  secret: string | undefined
  dataDir: string
  /** Absent: the embedded database. */
  databaseUrl: string | undefined
  /** How words are reduced to their stems in search: a text search configuration of PostgreSQL. */
  searchLanguage: string
  model: ModelConfig
  /** The file of tool servers, and what it may name of the environment. A file that was asked for must be there. */
  mcp: { file: string; required: boolean; variables: Readonly<Record<string, string | undefined>> }
  /** How letters are sent; absent: none are. */
  mail: { smtpUrl: string; from: string } | undefined
  /** With whose accounts people may sign in. */
  providers: {
    github: Client | undefined
    google: Client | undefined
    oidc: (Client & { issuer: string; name: string }) | undefined
  }
  graphiql: boolean
  chatkitDomainKey: string
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[]
  limits: Limits
}>

/** A machine of one's own is one address for everybody who works on it. */
const inDevelopment: Partial<Limits> = {
  anonymousRequestsPerMinute: 6_000,
  signInsPerAddressPerMinute: 1_000,
  signUpsPerHour: 5_000,
}

/** One connection serves everything. */
const whenEmbedded: Partial<Limits> = { runs: 50 }

/** Reads the environment. Throws one error that names every setting that is wrong or missing. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const { data, error } = Environment.safeParse(env)
  const problems = error ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) : []
  const production = env.NODE_ENV === 'production'
  const limits = limitsSchema.safeParse({
    ...(production ? {} : inDevelopment),
    ...(env.DATABASE_URL ? {} : whenEmbedded),
    ...data?.PARLEY_LIMITS,
  })
  for (const issue of limits.error?.issues ?? [])
    problems.push(`PARLEY_LIMITS${issue.path.map((it) => `.${String(it)}`).join('')}: ${issue.message}`)
  if (production && !env.PARLEY_SECRET) problems.push('PARLEY_SECRET: is required in production')
  if (production && !env.PARLEY_URL) problems.push('PARLEY_URL: is required in production')
  problems.push(...missingIn(env))
  if (!data || !limits.data || problems.length > 0)
    throw new Error(`The configuration is not usable:\n${problems.map((it) => `  ${it}\n`).join('')}`)
  const others = data.PARLEY_MODELS.filter((name) => name !== data.PARLEY_MODEL)
  const offline = !data.OPENAI_API_KEY && !data.OPENAI_BASE_URL
  const model: ModelConfig = {
    key: data.OPENAI_API_KEY,
    baseUrl: data.OPENAI_BASE_URL,
    api: data.PARLEY_MODEL_API,
    profile: data.PARLEY_MODEL_PROFILE,
    transcription: offline ? undefined : data.PARLEY_TRANSCRIPTION_MODEL,
    names: offline ? ['offline'] : [data.PARLEY_MODEL, ...others],
  }
  const oidc = clientOf(data.OIDC_CLIENT_ID, data.OIDC_CLIENT_SECRET)
  return Object.freeze({
    production,
    port: data.PORT,
    host: data.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    url: data.PARLEY_URL ?? `http://localhost:${data.PORT}`,
    secret: data.PARLEY_SECRET,
    dataDir: data.PARLEY_DATA_DIR,
    databaseUrl: data.DATABASE_URL,
    searchLanguage: data.PARLEY_SEARCH_LANGUAGE,
    model,
    mcp: { file: data.PARLEY_MCP_CONFIG ?? 'mcp.json', required: !!data.PARLEY_MCP_CONFIG, variables: env },
    mail: data.SMTP_URL && data.MAIL_FROM ? { smtpUrl: data.SMTP_URL, from: data.MAIL_FROM } : undefined,
    providers: {
      github: clientOf(data.GITHUB_CLIENT_ID, data.GITHUB_CLIENT_SECRET),
      google: clientOf(data.GOOGLE_CLIENT_ID, data.GOOGLE_CLIENT_SECRET),
      oidc: oidc && data.OIDC_ISSUER ? { ...oidc, issuer: data.OIDC_ISSUER, name: data.OIDC_NAME } : undefined,
    },
    graphiql: data.PARLEY_GRAPHIQL,
    chatkitDomainKey: data.PARLEY_CHATKIT_DOMAIN_KEY,
    trustedProxies: data.PARLEY_TRUSTED_PROXIES,
    limits: limits.data,
  })
}
