import { z } from 'zod'

/**
 * The wire of a ChatKit backend: the requests that we accept, the events and items that we send. Requests are open:
 * members that we do not know are ignored. What we send is closed: nothing beyond these types, absent members left out.
 */
const inputText = z.object({ type: z.literal('input_text'), text: z.string() })

const inputTag = z.object({
  type: z.literal('input_tag'),
  id: z.string(),
  text: z.string(),
  data: z.record(z.string(), z.unknown()),
  group: z.string().nullish(),
  interactive: z.boolean().default(false),
})

const userMessageInput = z.object({
  content: z.array(z.discriminatedUnion('type', [inputText, inputTag])),
  attachments: z.array(z.string()),
  quoted_text: z.string().nullish(),
  inference_options: z.object({ tool_choice: z.object({ id: z.string() }).nullish(), model: z.string().nullish() }),
})

export type UserMessageInput = z.output<typeof userMessageInput>

const paging = { limit: z.int().nullish(), order: z.enum(['asc', 'desc']).default('desc'), after: z.string().nullish() }

export type Paging = { limit?: number | null; order: 'asc' | 'desc'; after?: string | null }

const thread = { thread_id: z.string() }

function request<Type extends string, Params extends z.ZodRawShape>(type: Type, params: Params) {
  return z.object({ type: z.literal(type), params: z.object(params) })
}

/** What a widget's button says: `payload` is whatever the page chose to send, and may be replayed. */
const actionParams = {
  ...thread,
  item_id: z.string().nullish(),
  action: z.object({ type: z.string().min(1).max(200), payload: z.unknown().optional() }),
}

export type ActionParams = z.output<z.ZodObject<typeof actionParams>>

const submission = z.object({
  status: z.enum(['answered', 'skipped']).default('answered'),
  answers: z
    .record(z.string(), z.object({ values: z.array(z.string()).default([]), skipped: z.boolean().default(false) }))
    .default({}),
})

/** Any JSON, null too; but it must be there. */
const anyResult = z.unknown().refine((value) => value !== undefined, 'is missing')

/** Any request that we serve. */
export const chatkitRequest = z.discriminatedUnion(
  'type',
  [
    request('threads.create', { input: userMessageInput }),
    request('threads.add_user_message', { ...thread, input: userMessageInput }),
    request('threads.list', paging),
    request('threads.get_by_id', thread),
    request('threads.update', { ...thread, title: z.string() }),
    request('threads.delete', thread),
    request('items.list', { ...thread, ...paging }),
    request('threads.add_client_tool_output', { ...thread, result: anyResult }),
    request('threads.add_structured_input', { ...thread, item_id: z.string(), input: submission }),
    request('threads.retry_after_item', { ...thread, item_id: z.string() }),
    request('threads.custom_action', actionParams),
    request('threads.sync_custom_action', actionParams),
    request('attachments.create', { name: z.string(), size: z.int(), mime_type: z.string() }),
    request('attachments.delete', { attachment_id: z.string() }),
    request('input.transcribe', { audio_base64: z.string(), mime_type: z.string() }),
    request('items.feedback', {
      ...thread,
      item_ids: z.array(z.string()).max(100),
      kind: z.enum(['positive', 'negative']),
    }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? 'is not a request type that this server knows' : undefined) },
)

export type ChatkitRequest = z.output<typeof chatkitRequest>

/** The request of one type. */
export type RequestOf<Type extends ChatkitRequest['type']> = Extract<ChatkitRequest, { type: Type }>

export type Page<T> = { data: T[]; has_more: boolean; after?: string }

export type Thread = {
  id: string
  title?: string
  created_at: string
  status: { type: 'active' }
  metadata: Record<string, never>
  items: Page<ThreadItem>
}

type ItemBase = { id: string; thread_id: string; created_at: string }

export type AttachmentItem = {
  id: string
  name: string
  mime_type: string
  upload_descriptor?: { url: string; method: 'PUT'; headers: Record<string, string> }
  thread_id?: string
} & ({ type: 'file' } | { type: 'image'; preview_url: string })

export type UserMessageItem = ItemBase & {
  type: 'user_message'
  content: { type: 'input_text'; text: string }[]
  attachments: AttachmentItem[]
  inference_options: { model?: string }
}

export type OutputText = { type: 'output_text'; text: string; annotations: never[] }

export type AssistantMessageItem = ItemBase & { type: 'assistant_message'; content: OutputText[] }

/** A few of the names that ChatKit can draw everywhere. */
export type Icon =
  | 'bolt'
  | 'calendar'
  | 'check'
  | 'check-circle'
  | 'circle-question'
  | 'empty-circle'
  | 'info'
  | 'notebook'
  | 'search'

export type CustomTask = {
  type: 'custom'
  status_indicator: 'none' | 'loading' | 'complete'
  title?: string
  icon?: Icon
  content?: string
}

export type WorkflowItem = ItemBase & {
  type: 'workflow'
  workflow: { type: 'custom'; tasks: CustomTask[]; summary?: { title: string; icon?: Icon }; expanded: boolean }
}

export type WidgetAction = { type: string; payload: Record<string, string>; loadingBehavior?: 'self' | 'container' }

export type WidgetComponent =
  | { type: 'Title'; value: string; size?: 'sm' }
  | { type: 'Text'; value: string; lineThrough?: boolean }
  | { type: 'Caption'; value: string }
  | { type: 'Markdown'; value: string }
  | { type: 'Badge'; label: string; color?: 'secondary' | 'success' | 'info' }
  | { type: 'Icon'; name: Icon; size?: 'sm' }
  | { type: 'Row'; children: WidgetComponent[]; gap?: number; align?: 'center' }
  | { type: 'Button'; label: string; style?: 'primary'; onClickAction: WidgetAction }

type WidgetStatus = { text: string; icon?: Icon }

export type WidgetRoot =
  | { type: 'Card'; size: 'sm'; status: WidgetStatus; children: WidgetComponent[] }
  | {
      type: 'ListView'
      limit: 'auto'
      status: WidgetStatus
      children: { type: 'ListViewItem'; gap: number; children: WidgetComponent[] }[]
    }

export type WidgetItem = ItemBase & { type: 'widget'; widget: WidgetRoot; copy_text?: string }

export type ClientToolCallItem = ItemBase & {
  type: 'client_tool_call'
  status: 'pending' | 'completed'
  call_id: string
  name: string
  arguments: Record<string, unknown>
  output?: unknown
}

export type StructuredInput = { id: string; question: string; answer?: { values: string[]; skipped: boolean } } & (
  | { type: 'multiple_choice'; options: { value: string }[]; multiple: boolean }
  | { type: 'freeform' }
)

export type StructuredInputItem = ItemBase & {
  type: 'structured_input'
  status: 'pending' | 'answered' | 'skipped'
  inputs: StructuredInput[]
}

export type ThreadItem =
  | UserMessageItem
  | AssistantMessageItem
  | WorkflowItem
  | WidgetItem
  | ClientToolCallItem
  | StructuredInputItem

export type ItemUpdate =
  | { type: 'assistant_message.content_part.added'; content_index: number; content: OutputText }
  | { type: 'assistant_message.content_part.text_delta'; content_index: number; delta: string }
  | { type: 'assistant_message.content_part.done'; content_index: number; content: OutputText }
  | { type: 'workflow.task.added' | 'workflow.task.updated'; task_index: number; task: CustomTask }

export type ThreadEvent =
  | { type: 'thread.created' | 'thread.updated'; thread: Thread }
  | { type: 'thread.item.added' | 'thread.item.done' | 'thread.item.replaced'; item: ThreadItem }
  | { type: 'thread.item.updated'; item_id: string; update: ItemUpdate }
  | { type: 'thread.item.removed'; item_id: string }
  | { type: 'stream_options'; stream_options: { allow_cancel: boolean } }
  | { type: 'progress_update'; text: string; icon?: Icon }
  | { type: 'notice'; level: 'info' | 'warning' | 'danger'; message: string; title?: string }
  | { type: 'error'; code: 'custom'; message: string; allow_retry: boolean }
