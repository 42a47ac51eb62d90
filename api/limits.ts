import { z } from 'zod'

const count = (standard: number) => z.number().int().positive().default(standard)

/** Every limit with its default. None can be switched off; a unit, if any, ends the name. */
export const limitsSchema = z.strictObject({
  bodyBytes: count(1_048_576),
  messageBytes: count(65_536),
  titleCharacters: count(200).pipe(z.number().max(200)),
  taskCharacters: count(1_000),
  pageDefault: count(20),
  pageMax: count(100),
  cursorBytes: count(512),
  idempotencyHours: count(48),
  apiKeysPerUser: count(20),
  logHours: count(24),
  heartbeatSeconds: count(12).pipe(z.number().max(15)),
  streamBufferBytes: count(262_144),
  stallSeconds: count(30),
  streamMinutes: count(60),
  historyMessages: count(15).pipe(z.number().min(10).max(15)),
  historyTokens: count(100_000),
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
