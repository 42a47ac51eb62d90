import { Message } from '../conversations/message.entity.ts'
import { badInput } from '../errors.ts'
import { publicId } from '../ids.ts'
import { ToolCall } from '../runs/tool-call.entity.ts'
import { readableArguments } from '../tools/tool-arguments.ts'
import { builder } from './builder.ts'
import { present, rowId } from './node.ts'
import { firstBytes, textPiece } from './text-piece.ts'
import { partsOf, ToolResultPart } from './tool-result-part.ts'

/** The longest piece of a result in one answer, whatever the model is shown of it. */
const pieceBytes = 65_536

const ToolCallStatus = builder.enumType('ToolCallStatus', {
  description: 'How far a tool call is.',
  values: {
    PENDING: { description: 'Asked for by the assistant, not begun.' },
    AWAITING_APPROVAL: { description: 'Waits for a person to say yes or no.' },
    RUNNING: { description: 'The tool is at work.' },
    SUCCEEDED: { description: 'The tool gave a result.' },
    FAILED: { description: 'It did not work: `error` says why. The assistant is told and goes on.' },
    DENIED: { description: 'A person said no.' },
    CANCELLED: { description: 'Stopped before it ended, or no longer wanted.' },
    OUTCOME_UNKNOWN: {
      description: 'The server died while the tool was at work: whether it took effect is not known.',
    },
  } as const,
})

const ToolCallError = builder.objectRef<{ code: string; message: string }>('ToolCallError').implement({
  description: 'Why a tool call did not work.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'TOOL_NOT_FOUND, TOOL_BAD_ARGUMENTS, TOOL_FAILED, TOOL_TIMEOUT …' }),
    message: t.exposeString('message', { description: 'The same in a sentence.' }),
  }),
})

const ToolCallProgress = builder
  .objectRef<{ progress: number; total?: number; message?: string }>('ToolCallProgress')
  .implement({
    description: 'How far a tool has come, in its own words and units.',
    fields: (t) => ({
      progress: t.exposeFloat('progress', { description: 'How much is done.' }),
      total: t.exposeFloat('total', { nullable: true, description: 'How much there is to do, when the tool knows.' }),
      message: t.exposeString('message', { nullable: true, description: 'What it is doing.' }),
    }),
  })

builder.objectType(ToolCall, {
  name: 'ToolCall',
  description: 'One use of a tool in a turn of the assistant, and what came of it.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => value instanceof ToolCall,
  fields: (t) => ({
    id: t.id({ description: 'The id of the call: `call_…`.', resolve: (call) => publicId('call', call.id) }),
    message: t.field({
      type: Message,
      description: 'The turn of the assistant in which it was called.',
      resolve: async (call, _, { loaders }) => present('msg', await loaders.message.load(call.messageId)),
    }),
    name: t.exposeString('name', { description: 'As the tool server names it, without our prefix.' }),
    server: t.exposeString('server', {
      description:
        'Which MCP server offers it. `tasks` and `conversations` are built in, `page` is the page that the person has open; all others are the operator’s.',
    }),
    title: t.exposeString('title', { nullable: true, description: 'A name for people, when the server gives one.' }),
    arguments: t.field({
      type: 'JSON',
      description: "What the assistant gave it. The raw string if the model's text was not JSON.",
      resolve: (call) => readableArguments(call.argumentsText),
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description:
        'What it is about, by the name that you know it under: the title of the task where the arguments have its id, as it was when the assistant asked. Null when the tool does not tell, and when you edited the arguments.',
    }),
    status: t.expose('status', { type: ToolCallStatus, description: 'How far it is.' }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'Structured content when the tool gives it, else its text; at most 64 KiB of it. What is longer comes as the beginning of its text.',
      resolve: (call, _, { limits }) => shownResult(call, limits.toolResultBytes).result,
    }),
    resultTruncated: t.boolean({
      description: 'Whether `result` is only the beginning: `resultText` gives all of it.',
      resolve: (call, _, { limits }) => shownResult(call, limits.toolResultBytes).truncated,
    }),
    resultText: t.string({
      nullable: true,
      description:
        'The whole result as text, in pieces of at most 64 KiB: add `limit` to `offset` until a piece is empty. Null while there is no result.',
      args: {
        offset: t.arg.int({ defaultValue: 0, description: 'Where the piece begins, in bytes of UTF-8.' }),
        limit: t.arg.int({
          defaultValue: pieceBytes,
          description: 'How many bytes, 65,536 at most. A character belongs to the piece in which it begins.',
        }),
      },
      resolve: ({ resultText }, { offset, limit }) =>
        resultText == null ? null : piece(resultText, offset ?? 0, limit ?? pieceBytes),
    }),
    resultParts: t.field({
      type: [ToolResultPart],
      description: 'What the result has besides text: pictures, sounds, addresses and files, in order; 20 at most.',
      resolve: partsOf,
    }),
    denialReason: t.exposeString('denialReason', {
      nullable: true,
      description: 'What the person said who denied it.',
    }),
    error: t.expose('error', { type: ToolCallError, nullable: true, description: 'Why it did not work.' }),
    progress: t.expose('progress', {
      type: ToolCallProgress,
      nullable: true,
      description: 'How far it has come, when the tool tells.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When the tool began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  }),
})

function shownResult({ result, resultText }: ToolCall, maxBytes: number): { result: unknown; truncated: boolean } {
  const fits = result != null && Buffer.byteLength(JSON.stringify(result)) <= maxBytes
  if (fits || resultText == null) return { result: fits ? result : null, truncated: !fits && result != null }
  const text = firstBytes(resultText, maxBytes)
  return { result: text, truncated: result != null || text.length < resultText.length }
}

function piece(text: string, offset: number, limit: number): string {
  if (offset < 0) throw badInput(['offset'], 'must not be negative')
  if (limit < 0 || limit > pieceBytes) throw badInput(['limit'], `must be between 0 and ${pieceBytes}`)
  return textPiece(text, offset, limit)
}

const ToolCallDecision = builder.enumType('ToolCallDecision', {
  description: 'What a person says when asked about a tool call.',
  values: {
    APPROVE: { description: 'The tool may run.' },
    DENY: { description: 'It may not; the assistant is told.' },
  } as const,
})

builder.relayMutationField(
  'decideToolCall',
  {
    description: 'What you say about a tool call that waits for you.',
    inputFields: (t) => ({
      toolCallId: t.id({ required: true, description: 'The call: `call_…`, with status AWAITING_APPROVAL.' }),
      decision: t.field({
        type: ToolCallDecision,
        required: true,
        description: 'Yes or no. The first decision holds: the same again changes nothing, another one is CONFLICT.',
      }),
      arguments: t.field({
        type: 'JSON',
        description: 'With APPROVE: an object to call the tool with instead of what the assistant wrote.',
      }),
      reason: t.string({ description: 'With DENY: why, in words that the assistant is told.' }),
    }),
  },
  {
    nullable: true,
    description:
      'Approves or denies a tool call, from any device. The first decision wins: the same again gives the same payload, another one is CONFLICT. After the last decision the run goes on.',
    resolve: (_, { input }, { em, viewer, runs }) =>
      runs.decideToolCall(em, viewer, { ...input, toolCallId: rowId('call', input.toolCallId) }),
  },
  {
    description: 'What came of it.',
    outputFields: (t) => ({
      toolCall: t.field({ type: ToolCall, description: 'The call as it is now.', resolve: (call) => call }),
    }),
  },
)
