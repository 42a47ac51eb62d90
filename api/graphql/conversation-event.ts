import { Conversation } from '../conversations/conversation.entity.ts'
import { Message } from '../conversations/message.entity.ts'
import { publicId } from '../ids.ts'
import { Run } from '../runs/run.entity.ts'
import type { Followed } from '../runs/run-tail.ts'
import { ToolCall } from '../runs/tool-call.entity.ts'
import { builder } from './builder.ts'
import { type Context, renew } from './context.ts'
import { rowId } from './node.ts'
import { openStream } from './open-stream.ts'

/** An event with the objects that it is about, as they are now. */
type ConversationEvent = { cursor: string } & (
  | { type: 'ConversationUpdated'; conversation: Conversation }
  | { type: 'RunStarted'; run: Run; message: Message }
  | { type: 'ModelBusy'; run: Run; retryAfterMs: number }
  | { type: 'MessageStarted'; message: Message }
  | { type: 'MessageDelta'; messageId: string; delta: string }
  | { type: 'MessageReset'; messageId: string }
  | { type: 'MessageCompleted'; message: Message }
  | { type: 'ToolCallChanged'; toolCall: ToolCall }
  | { type: 'RunEnded'; run: Run }
)

type Of<Type extends ConversationEvent['type']> = Extract<ConversationEvent, { type: Type }>

const cursorText =
  'Where the stream goes on behind this event: keep the last one, give it back as `after`, never compare.'

const EventInterface = builder.interfaceRef<ConversationEvent>('ConversationEvent').implement({
  description:
    'Something that happened in a conversation. In a run: RunStarted, then for each turn MessageStarted, any number of MessageDelta, MessageCompleted, and ToolCallChanged for each step of each call; ModelBusy may stand before a turn; at the very end RunEnded, once, always. Skip types that you do not know.',
  resolveType: (event) => event.type,
  fields: (t) => ({ cursor: t.exposeString('cursor', { description: cursorText }) }),
})

builder.objectType(builder.objectRef<Of<'ConversationUpdated'>>('ConversationUpdated'), {
  description:
    'The conversation itself as it is now: first on every stream of a conversation, and again whenever title, archive, pin or active run change. Its cursor is the place from which the stream goes on.',
  interfaces: [EventInterface],
  fields: (t) => ({
    conversation: t.expose('conversation', { type: Conversation, description: 'The conversation as it is now.' }),
  }),
})

builder.objectType(builder.objectRef<Of<'RunStarted'>>('RunStarted'), {
  description: 'Work on an answer has begun.',
  interfaces: [EventInterface],
  fields: (t) => ({
    run: t.expose('run', { type: Run, description: 'The run that makes it.' }),
    message: t.expose('message', { type: Message, description: 'The user message that is being answered.' }),
  }),
})

builder.objectType(builder.objectRef<Of<'ModelBusy'>>('ModelBusy'), {
  description:
    'The model’s provider is busy and wants us to wait: it is asked again by itself. Whatever the run tells next ends the wait.',
  interfaces: [EventInterface],
  fields: (t) => ({
    run: t.expose('run', { type: Run, description: 'The run that waits.' }),
    retryAfterMs: t.exposeInt('retryAfterMs', {
      description: 'In so many milliseconds the model is asked again. 0 in a replay, when the wait is over.',
    }),
  }),
})

builder.objectType(builder.objectRef<Of<'MessageStarted'>>('MessageStarted'), {
  description: 'The assistant begins a turn: its text follows in deltas.',
  interfaces: [EventInterface],
  fields: (t) => ({
    message: t.expose('message', { type: Message, description: 'The new message, always empty and STREAMING here.' }),
  }),
})

builder.objectType(builder.objectRef<Of<'MessageDelta'>>('MessageDelta'), {
  description: 'More text of a message. Neighbouring deltas may come joined.',
  interfaces: [EventInterface],
  fields: (t) => ({
    messageId: t.id({ description: 'Which message: `msg_…`.', resolve: (it) => publicId('msg', it.messageId) }),
    delta: t.exposeString('delta', { description: 'What to append to its text.' }),
  }),
})

builder.objectType(builder.objectRef<Of<'MessageReset'>>('MessageReset'), {
  description:
    'Another server took the run over: forget the text and the tool calls of this message and read on; no second MessageStarted follows.',
  interfaces: [EventInterface],
  fields: (t) => ({
    messageId: t.id({ description: 'Which message: `msg_…`.', resolve: (it) => publicId('msg', it.messageId) }),
  }),
})

builder.objectType(builder.objectRef<Of<'MessageCompleted'>>('MessageCompleted'), {
  description: 'A turn is said to the end, and stored.',
  interfaces: [EventInterface],
  fields: (t) => ({
    message: t.expose('message', { type: Message, description: 'The message with its whole text and its tool calls.' }),
  }),
})

builder.objectType(builder.objectRef<Of<'ToolCallChanged'>>('ToolCallChanged'), {
  description: 'A tool call has come one step further.',
  interfaces: [EventInterface],
  fields: (t) => ({
    toolCall: t.expose('toolCall', { type: ToolCall, description: 'The call as it is now.' }),
  }),
})

builder.objectType(builder.objectRef<Of<'RunEnded'>>('RunEnded'), {
  description: 'The run has ended, well or not: always its last event.',
  interfaces: [EventInterface],
  fields: (t) => ({ run: t.expose('run', { type: Run, description: 'The run with its outcome.' }) }),
})

const after = { description: 'The cursor of the last event that you have seen, or an `eventCursor`.' }

builder.subscriptionFields((t) => ({
  conversationEvents: t.field({
    description:
      'Everything that happens in one conversation, run after run, until you go away. Without `after` it begins with the active run, if there is one, else with what comes next.',
    type: EventInterface,
    args: {
      conversationId: t.arg.id({ required: true, description: 'The conversation: `conv_…`.' }),
      after: t.arg.string(after),
    },
    subscribe: (_, args, context) =>
      openStream(context, async (signal) =>
        eventsOf(
          await context.runs.followConversation(context.viewer, rowId('conv', args.conversationId), {
            after: args.after,
            signal,
          }),
          context,
        ),
      ),
    resolve: (event) => event,
  }),
  runEvents: t.field({
    description:
      'The events of one run; completes after RunEnded. Without `after` it gives the whole log from RunStarted while that is kept (24 hours), afterwards RunEnded alone.',
    type: EventInterface,
    args: {
      runId: t.arg.id({ required: true, description: 'The run: `run_…`.' }),
      after: t.arg.string(after),
    },
    subscribe: (_, args, context) =>
      openStream(context, async (signal) =>
        eventsOf(
          await context.runs.followRun(context.viewer, rowId('run', args.runId), { after: args.after, signal }),
          context,
        ),
      ),
    resolve: (event) => event,
  }),
}))

/** What is followed, with its objects. One whose object is gone (its conversation was deleted) is left out. */
async function* eventsOf(
  followed: AsyncGenerator<Followed, void>,
  context: Context,
): AsyncGenerator<ConversationEvent, void> {
  for await (const it of followed) {
    renew(context)
    const event = await eventOf(it, context)
    if (event) yield event
  }
}

async function eventOf(
  { cursor, conversationId, runId, event }: Followed,
  { loaders }: Context,
): Promise<ConversationEvent | null> {
  switch (event.type) {
    case 'conversation.updated': {
      const conversation = await loaders.conversation.load(conversationId)
      return conversation && { type: 'ConversationUpdated', cursor, conversation }
    }
    case 'run.started': {
      const [run, message] = await Promise.all([
        runId && loaders.run.load(runId),
        loaders.message.load(event.messageId),
      ])
      return run && message ? { type: 'RunStarted', cursor, run, message } : null
    }
    case 'model.busy': {
      const run = runId ? await loaders.run.load(runId) : null
      return run && { type: 'ModelBusy', cursor, run, retryAfterMs: Math.max(0, Date.parse(event.until) - Date.now()) }
    }
    case 'message.started': {
      const message = await loaders.message.load(event.messageId)
      return message && { type: 'MessageStarted', cursor, message: asStarted(message) }
    }
    case 'message.delta':
      return { type: 'MessageDelta', cursor, messageId: event.messageId, delta: event.text }
    case 'message.reset':
      return { type: 'MessageReset', cursor, messageId: event.messageId }
    case 'message.completed': {
      const message = await loaders.message.load(event.messageId)
      return message && { type: 'MessageCompleted', cursor, message }
    }
    case 'tool-call.changed': {
      const toolCall = await loaders.toolCall.load(event.toolCallId)
      return toolCall && { type: 'ToolCallChanged', cursor, toolCall }
    }
    case 'run.ended': {
      const run = runId ? await loaders.run.load(runId) : null
      return run && { type: 'RunEnded', cursor, run }
    }
    default:
      return event satisfies never
  }
}

/** In a replay the message may be complete by now: told so, readers would have its text twice. */
function asStarted(message: Message): Message {
  return Object.create(message, { status: { value: 'STREAMING' }, content: { value: '' } })
}
