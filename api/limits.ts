import { z } from 'zod'

const count = (standard: number) => z.number().int().positive().default(standard)

/** Every limit with its default. None can be switched off; a unit, if any, ends the name. */
export const limitsSchema = z.strictObject({
  bodyBytes: count(1_048_576),
  headerBytes: count(16_384),
  headerSeconds: count(10),
  bodySeconds: count(30),
  /** Off by default: behind a proxy all come from one. */
  socketsPerAddress: z.number().int().positive().optional(),
  sockets: count(6_000),
  /** What people dictate at once: about ten minutes of speech. */
  recordingBytes: count(10_485_760),
  attachmentBytes: count(10_485_760),
  attachmentsPerMessage: count(10),
  /** Files of one person that were not sent yet. */
  attachmentDrafts: count(50),
  attachmentDraftHours: count(24),
  /** Of all files that the model is shown in one request; older ones are only named. */
  attachmentHistoryBytes: count(20_971_520),
  queryTokens: count(2_000),
  queryDepth: count(10),
  introspectionDepth: count(15),
  queryAliases: count(20),
  queryRootFields: count(20),
  queryDirectives: count(20),
  variablesDepth: count(16),
  queryCost: count(1_000),
  querySeconds: count(10),
  requestsPerMinute: count(600),
  costPerMinute: count(20_000),
  sendsPerMinute: count(30),
  runsPerUser: count(3),
  subscriptionsPerUser: count(20),
  apiKeysPerUser: count(20),
  anonymousRequestsPerMinute: count(60),
  /** Per account, whoever tries. */
  signInsPerMinute: count(10),
  signInsPerAddressPerMinute: count(20),
  signUpsPerHour: count(10),
  resetsPerHour: count(5),
  runs: count(200),
  subscriptions: count(5_000),
  queueSeconds: count(2),
  searchCharacters: count(200),
  importBytes: count(104_857_600),
  /** Files that a process holds in memory at once, each of one person. */
  imports: count(4),
  /** How long such a file may take to arrive. */
  importSeconds: count(1_800),
  messageBytes: count(65_536),
  titleCharacters: count(200).pipe(z.number().max(200)),
  taskCharacters: count(1_000),
  pageDefault: count(20),
  pageMax: count(100),
  cursorBytes: count(512),
  idempotencyHours: count(48),
  /** Of the disk of the embedded database: below it nothing new is taken. */
  freeDiskBytes: count(268_435_456),
  logHours: count(24),
  heartbeatSeconds: count(12).pipe(z.number().max(15)),
  /** Kept for a reader who is slow to take it, and at most one event more: then the stream waits. */
  streamBufferBytes: count(262_144),
  /** Who takes nothing for so long is cut off. */
  stallSeconds: count(30),
  streamMinutes: count(60),
  historyMessages: count(15).pipe(z.number().min(10).max(15)),
  historyTokens: count(100_000),
  /** What a model is given at once: instructions, tools and history. For one with a small window, less than that. */
  requestTokens: count(120_000),
  runSteps: count(16),
  toolCallsPerStep: count(8),
  runSeconds: count(300),
  outputBytes: count(262_144),
  queuedRuns: count(10),
  leaseMilliseconds: count(10_000),
  modelConnectSeconds: count(10),
  modelFirstByteSeconds: count(60),
  modelSilenceSeconds: count(30),
  modelRetries: count(2),
  toolSeconds: count(30),
  toolTotalSeconds: count(300),
  toolArgumentBytes: count(65_536),
  toolResultBytes: count(65_536),
  toolReadBytes: count(1_048_576),
  toolsPerServer: count(64),
  toolDescriptionBytes: count(4_096),
  toolSchemaBytes: count(32_768),
  breakerFailures: count(5),
  breakerSeconds: count(30),
  mcpSessionsPerUser: count(10),
  mcpIdleMinutes: count(10),
  drainSeconds: count(20),
  exitSeconds: count(25),
})

export type Limits = z.output<typeof limitsSchema>

export const standardLimits: Limits = limitsSchema.parse({})
