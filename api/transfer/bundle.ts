import { z } from 'zod'
import { mediaTypeOf } from '../conversations/media-type.ts'
import { partsOf } from '../tools/result-parts.ts'
import { maxDepth, storableText } from '../tools/storable.ts'

/**
 * The bundle: one JSON value per line. First the header, then for each conversation its line, its messages in order, each
 * with the files that were sent with it, its runs, and a closing line that counts them: a cut file is noticed.
 * Messages and runs are named by their numbers within the conversation; the id of a conversation stays what it is
 * through any number of exports and imports.
 */
export const bundleHeader = { type: 'parley-export', version: 1 } as const

const time = z.iso.datetime({ precision: 3 })
const text = z.string().refine((it) => !it.includes('\0') && it.isWellFormed(), 'is not well-formed text')
const json = z.custom<z.core.util.JSONType>((it) => isStorable(it), 'cannot be stored')
const number = z.number().int().nonnegative().max(2_147_483_647)
/** Of a message, a run, an attempt. Cursors have nine digits for it, and the conversation goes on from there. */
const positive = number.min(1).max(100_000_000)

/** Whether it goes into the database and comes out of it as it is, and every recursion gets through it. */
function isStorable(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return storableText(value) === value
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return value !== undefined
  if (depth === maxDepth) return false
  return Object.entries(value).every(([key, it]) => isStorable(key) && isStorable(it, depth + 1))
}

const Conversation = z.strictObject({
  type: z.literal('conversation'),
  id: text.min(1).max(200),
  title: text.min(1).max(200),
  titledBy: z.enum(['nobody', 'model', 'user']),
  createdAt: time,
  updatedAt: time,
  archivedAt: time.nullable(),
  pinnedAt: time.nullable(),
})

const imageBytes = 1_048_576

/** Nothing else is put into a picture of the page, whoever wrote the file. */
const isShown = (image: string) => partsOf([{ type: 'image', data: image }], imageBytes)[0]?.data === image

const ResultPart = z.strictObject({
  kind: z.enum(['IMAGE', 'AUDIO', 'LINK', 'FILE']),
  title: text.max(200).nullable(),
  uri: text.max(2_000).nullable(),
  mimeType: text.max(100).nullable(),
  bytes: number.nullable(),
  /** As base64. */
  image: z.base64().max(imageBytes).refine(isShown, 'is no picture that can be shown').nullable(),
})

const ToolCall = z.strictObject({
  providerId: text.max(200),
  calledAs: text.max(200),
  name: text.max(200),
  server: text.max(200),
  title: text.max(500).nullable(),
  arguments: text,
  /** What it is about, in words. */
  subject: text.nullable(),
  status: z.enum(['SUCCEEDED', 'FAILED', 'DENIED', 'CANCELLED', 'OUTCOME_UNKNOWN']),
  result: json.nullable(),
  resultText: text.nullable(),
  resultParts: z.array(ResultPart).max(20).nullable(),
  decision: z.enum(['APPROVE', 'DENY']).nullable(),
  denialReason: text.nullable(),
  error: z.strictObject({ code: text, message: text }).nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})

const Message = z.strictObject({
  type: z.literal('message'),
  sequence: positive,
  role: z.enum(['USER', 'ASSISTANT', 'SYSTEM']),
  content: text,
  status: z.enum(['COMPLETE', 'STOPPED', 'INTERRUPTED', 'FAILED']),
  createdAt: time,
  supersededAt: time.nullable(),
  /** The number of the message that it took the place of. */
  replaces: positive.nullable(),
  feedback: z.enum(['UP', 'DOWN']).nullable(),
  /** The run in which the assistant said it. */
  run: positive.nullable(),
  toolCalls: z.array(ToolCall),
})

const Attachment = z
  .strictObject({
    type: z.literal('attachment'),
    /** The number of the message that it was sent with. */
    message: positive,
    name: text
      .min(1)
      .max(255)
      .refine((it) => !/[\p{Cc}\p{Bidi_Control}\\/]/u.test(it), 'is not the name of a file'),
    mediaType: text.max(100),
    createdAt: time,
    uploadedAt: time,
    data: z.base64(),
  })
  .refine(
    ({ data, mediaType }) => mediaTypeOf(Buffer.from(data, 'base64'), mediaType) === mediaType,
    'is not of the type that it is said to be, or may not be attached',
  )

/** What GraphQL tells of it has to be there, and of its type. */
const Failure = z
  .looseObject({ code: text, message: text, retryable: z.boolean(), waitSeconds: number.optional() })
  .refine((it) => isStorable(it), 'cannot be stored')

const Run = z.strictObject({
  type: z.literal('run'),
  run: positive,
  /** The number of the user message that it answers. */
  message: positive,
  status: z.enum(['COMPLETED', 'STOPPED', 'FAILED', 'INTERRUPTED']),
  attempt: positive,
  model: text.max(200),
  usage: json.nullable(),
  error: Failure.nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})

const End = z.strictObject({ type: z.literal('end'), messages: number, attachments: number, runs: number })

export const BundleLine = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('parley-export'),
    version: z.literal(1, 'is a version that this server does not know'),
  }),
  Conversation,
  Message,
  Attachment,
  Run,
  End,
])

export type BundleLine = z.output<typeof BundleLine>
export type BundleMessage = z.output<typeof Message>
export type BundleToolCall = z.output<typeof ToolCall>
export type BundleAttachment = z.output<typeof Attachment>
export type BundleRun = z.output<typeof Run>

/** A whole conversation as it is moved, from whichever program. */
export type MovedConversation = {
  conversation: z.output<typeof Conversation>
  messages: BundleMessage[]
  attachments: BundleAttachment[]
  runs: BundleRun[]
}
