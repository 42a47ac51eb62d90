import { Conversation } from '../conversations/conversation.entity.ts'
import { publicId } from '../ids.ts'
import { Task } from '../tasks/task.entity.ts'
import { builder } from './builder.ts'
import { type Context, renew } from './context.ts'
import { openStream } from './open-stream.ts'

type TaskChanged = { type: 'TaskChanged'; id: string; task: Task | null }
type ConversationChanged = { type: 'ConversationChanged'; id: string; conversation: Conversation | null }

const TaskChangedType = builder.objectRef<TaskChanged>('TaskChanged').implement({
  description: 'A task is new, different or gone.',
  fields: (t) => ({
    taskId: t.id({ description: 'Which task: `task_…`.', resolve: ({ id }) => publicId('task', id) }),
    task: t.expose('task', { type: Task, nullable: true, description: 'Null when it was deleted.' }),
  }),
})

const ConversationChangedType = builder.objectRef<ConversationChanged>('ConversationChanged').implement({
  description: 'A conversation is new, different or gone.',
  fields: (t) => ({
    conversationId: t.id({ description: 'Which conversation: `conv_…`.', resolve: ({ id }) => publicId('conv', id) }),
    conversation: t.expose('conversation', {
      type: Conversation,
      nullable: true,
      description: 'Null when it was deleted.',
    }),
  }),
})

const ViewerEvent = builder.unionType('ViewerEvent', {
  description: 'A hint that something of yours changed. Skip types that you do not know.',
  types: [TaskChangedType, ConversationChangedType],
  resolveType: (event) => event.type,
})

builder.subscriptionField('viewerEvents', (t) =>
  t.field({
    description: 'Hints that something of yours changed, without cursor or replay: read it again.',
    type: ViewerEvent,
    subscribe: (_, __, context) => openStream(context, async (signal) => changes(context, signal)),
    resolve: (event) => event,
  }),
)

/** What the user's bell says, looked up; ends quietly when the signal aborts. */
async function* changes(
  context: Context,
  signal: AbortSignal,
): AsyncGenerator<TaskChanged | ConversationChanged, void> {
  const listener = context.bell.listen(`user:${context.viewer.id}`, signal)
  try {
    while (!signal.aborted) {
      for (const hint of await listener.next()) {
        renew(context)
        const event = await changeOf(hint, context)
        if (event) yield event
      }
    }
  } finally {
    listener.close()
  }
}

/** Hints are `task:<row id>` and `conversation:<row id>`. */
async function changeOf(hint: string, { loaders }: Context): Promise<TaskChanged | ConversationChanged | null> {
  const [noun, id] = hint.split(':')
  if (!id) return null
  if (noun === 'task') return { type: 'TaskChanged', id, task: await loaders.task.load(id) }
  if (noun === 'conversation')
    return { type: 'ConversationChanged', id, conversation: await loaders.conversation.load(id) }
  return null
}
