import { answerFaults, itemFaults, streamFaults, type WireEvent } from '../conformance.ts'
import type { Answer, Client } from './client.ts'
import type { Level, Outcome } from './report.ts'

/** What to say so that the assistant does what cannot be asked for otherwise; what is left out is not tried. */
export type Prompts = {
  message: string
  /** Makes the assistant show a widget with a button for the server. */
  widget?: string
  /** Makes it call a tool of the page. */
  clientTool?: string
  /** Makes it show a form. */
  form?: string
}

type Item = { id: string; type: string; created_at?: string; [member: string]: unknown }
type Page = { data: Item[]; has_more: boolean; after?: string }

/** Runs every check in order, on one thread of its own, and deletes it in the end. */
export async function runChecks(client: Client, prompts: Prompts): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const check = async (name: string, work: () => Promise<string[] | { notTried: string }>, level: Level = 'must') => {
    const found = await work().catch((error: unknown) => [String(error)])
    outcomes.push(
      Array.isArray(found) ? { name, level, faults: found } : { name, level, faults: [], notTried: found.notTried },
    )
  }
  const known = new Set<string>()
  const note = ({ events }: Answer) => {
    for (const { item } of events) if (item) known.add(item.id)
  }
  /** A stream, checked as a whole. What fails in it is no fault of the form. */
  const stream = async (type: string, params: object): Promise<Answer> => {
    const answer = await client.ask(type, params)
    const endsWell = !answer.events.some((event) => event.type === 'error')
    answer.faults.push(
      ...(answer.status === 200 ? [] : [`HTTP ${answer.status}`]),
      ...streamFaults(type, answer.events, { endsWell, known }),
    )
    note(answer)
    return answer
  }
  const json = async (type: string, params: object): Promise<Answer> => {
    const answer = await client.ask(type, params)
    answer.faults.push(...(answer.status === 200 ? answerFaults(type, answer.json) : [`HTTP ${answer.status}`]))
    return answer
  }
  const say = (text: string, attachments: string[] = []) => ({
    input: { content: [{ type: 'input_text', text }], attachments, quoted_text: '', inference_options: {} },
  })

  let thread = ''
  let first: Answer | undefined
  await check('threads.create', async () => {
    first = await stream('threads.create', say(prompts.message))
    thread = (first.events[0] as { thread?: { id: string } } | undefined)?.thread?.id ?? ''
    return thread ? first.faults : [...first.faults, 'no thread was made']
  })
  if (!thread) return outcomes
  const inThread = { thread_id: thread }
  await check('threads.create: headers of a stream', async () => {
    const type = first?.headers.get('content-type') ?? ''
    const cached = first?.headers.get('cache-control') ?? ''
    return [
      ...(type.startsWith('text/event-stream') ? [] : [`content-type: ${type}`]),
      ...(/no-cache|no-store/.test(cached) ? [] : [`cache-control: ${cached || 'none'}`]),
    ]
  })
  await check(
    'threads.add_user_message',
    async () => (await stream('threads.add_user_message', { ...inThread, ...say(prompts.message) })).faults,
  )
  await check('threads.get_by_id', async () => {
    const answer = await json('threads.get_by_id', inThread)
    const items = (answer.json as { items?: Page }).items?.data ?? []
    const isFirst = items[0]?.type === 'user_message'
    return [...answer.faults, ...items.flatMap(itemFaults), ...(isFirst ? [] : ['the oldest item is not the first'])]
  })
  await check('items.list: pages in both directions, each item once', async () => {
    const [whole, faults] = await walk(100, 'asc')
    const [forwards, more] = await walk(1, 'asc')
    const [backwards, others] = await walk(2, 'desc')
    return [
      ...[...faults, ...more, ...others],
      ...(same(forwards, whole) ? [] : ['pages of one, ascending, give other items']),
      ...(same(backwards.toReversed(), whole) ? [] : ['pages of two, descending, give other items']),
    ]
  })
  await check('items.list: what was streamed is what is stored', async () => {
    const { json: page } = await json('items.list', { ...inThread, limit: 100, order: 'asc' })
    const stored = new Map((page as Page).data.map((item) => [item.id, JSON.stringify(sorted(item))]))
    return finished(first?.events ?? []).flatMap((item) =>
      stored.get(item.id) === JSON.stringify(sorted(item)) ? [] : [`${item.type} ${item.id} is stored otherwise`],
    )
  })
  await check(
    'items.list: an unknown cursor is refused',
    async () => refusedAs(await client.ask('items.list', { ...inThread, after: 'none' }), [400, 404]),
    'advice',
  )
  await check(
    'created_at has a zone',
    async () => {
      const { json: page } = await json('items.list', inThread)
      return (page as Page).data.flatMap(({ id, created_at: at = '' }) =>
        /(Z|[+-]\d\d:\d\d)$/.test(at) ? [] : [`${id}: ${at}`],
      )
    },
    'advice',
  )
  await check('threads.list', async () => {
    const answer = await json('threads.list', { limit: 1 })
    const page = answer.json as Page
    const wrong = page.data.length > 1 || (page.has_more && page.after !== page.data.at(-1)?.id)
    return [...answer.faults, ...(wrong ? ['a page of one is not one, or does not say where to go on'] : [])]
  })
  await check('threads.update', async () => {
    const answer = await json('threads.update', { ...inThread, title: 'Conformance' })
    const { title } = answer.json as { title?: string }
    return [...answer.faults, ...(title === 'Conformance' ? [] : [`the title is ${title}`])]
  })
  await check('items.feedback', async () => {
    const { json: page } = await json('items.list', inThread)
    const said = (page as Page).data.find(({ type }) => type === 'assistant_message')
    if (!said) return { notTried: 'there is no assistant message' }
    return (await json('items.feedback', { ...inThread, item_ids: [said.id], kind: 'positive' })).faults
  })
  await check('threads.retry_after_item', async () => {
    const [question] = finished(first?.events ?? [])
    const answer = await stream('threads.retry_after_item', { ...inThread, item_id: question?.id })
    const { json: page } = await json('items.list', { ...inThread, order: 'asc', limit: 100 })
    const users = (page as Page).data.filter(({ type }) => type === 'user_message')
    return [...answer.faults, ...(users.length === 1 ? [] : ['what came after the message is still there'])]
  })
  await check('threads.custom_action: an item that is no widget', async () => {
    const [question] = finished(first?.events ?? [])
    const action = { type: 'conformance.none', payload: {} }
    const answer = await stream('threads.custom_action', { ...inThread, item_id: question?.id, action })
    return [...answer.faults, ...(answer.events.some(({ type }) => type === 'error') ? [] : ['no error is told'])]
  })
  await check('threads.add_client_tool_output: nothing waits', async () => {
    const answer = await client.ask('threads.add_client_tool_output', { ...inThread, result: null })
    const told = answer.status === 200 ? answer.events.some(({ type }) => type === 'error') : answer.status < 500
    return told ? [] : [`HTTP ${answer.status}, and no error is told`]
  })
  await check('widget and threads.custom_action', async () => {
    if (!prompts.widget) return { notTried: 'no --prompt-widget' }
    const shown = await stream('threads.add_user_message', { ...inThread, ...say(prompts.widget) })
    const card = finished(shown.events).findLast((item) => item.type === 'widget' && actionsIn(item).length > 0)
    if (!card) return [...shown.faults, 'no widget with an action came']
    const [action] = actionsIn(card)
    const params = { ...inThread, item_id: card.id, action }
    const pressed = await stream('threads.custom_action', params)
    const again = await stream('threads.custom_action', params)
    const inPlace = await client.ask('threads.sync_custom_action', params)
    const sync =
      inPlace.status === 200 ? answerFaults('threads.sync_custom_action', inPlace.json) : refusedAs(inPlace, [409])
    return [...[shown, pressed, again].flatMap(({ faults }) => faults), ...sync]
  })
  await check('client tool: pending is the last item, its output is answered', async () => {
    if (!prompts.clientTool) return { notTried: 'no --prompt-client-tool' }
    const asked = await stream('threads.add_user_message', { ...inThread, ...say(prompts.clientTool) })
    const last = finished(asked.events).at(-1)
    if (last?.type !== 'client_tool_call' || last.status !== 'pending')
      return [...asked.faults, 'no pending call came last']
    const answered = await stream('threads.add_client_tool_output', { ...inThread, result: { ok: true, note: null } })
    return [...asked.faults, ...answered.faults]
  })
  await check('threads.add_structured_input', async () => {
    if (!prompts.form) return { notTried: 'no --prompt-form' }
    const asked = await stream('threads.add_user_message', { ...inThread, ...say(prompts.form) })
    const form = finished(asked.events).findLast(({ type }) => type === 'structured_input')
    if (!form) return [...asked.faults, 'no form came']
    const answered = await stream('threads.add_structured_input', {
      ...inThread,
      item_id: form.id,
      input: { status: 'skipped' },
    })
    return [...asked.faults, ...answered.faults]
  })
  await check('attachments: announced, uploaded, sent, deleted', () => attachments())
  await check('input.transcribe', async () => {
    const answer = await client.ask('input.transcribe', { audio_base64: 'AAAA', mime_type: 'audio/webm' })
    if (answer.status === 200) return answerFaults('input.transcribe', answer.json)
    return refusedAs(answer, [400, 404, 409, 415, 422, 501])
  })
  for (const [what, body] of malformed(thread))
    await check(`malformed: ${what}`, async () => refusedAs(await client.post(body), [400]))
  for (const [type, params] of foreign(say(prompts.message)))
    await check(`unknown id: ${type}`, async () => refusedAs(await client.ask(type, params), [404]), 'advice')
  await check('unknown members are ignored', async () => {
    const answer = await client.post({
      type: 'threads.get_by_id',
      params: { ...inThread, more: 1 },
      metadata: {},
      surprise: true,
    })
    return answer.status === 200 ? [] : [`HTTP ${answer.status}`]
  })
  await check('without a credential: 401', async () => {
    if (Object.keys(client.headers).length === 0) return { notTried: 'no --token' }
    return refusedAs(await client.stranger({ type: 'threads.list', params: {} }), [401])
  })
  await check('threads.delete', async () => {
    const answer = await json('threads.delete', inThread)
    const gone = await client.ask('threads.get_by_id', inThread)
    return [...answer.faults, ...(gone.status === 200 ? ['the thread is still there'] : [])]
  })
  return outcomes

  async function walk(limit: number, order: 'asc' | 'desc'): Promise<[string[], string[]]> {
    const ids: string[] = []
    const faults: string[] = []
    for (let after: string | undefined, more = true; more && faults.length === 0; ) {
      const answer = await json('items.list', { ...inThread, limit, order, ...(after !== undefined && { after }) })
      const page = answer.json as Page
      faults.push(...answer.faults, ...(page.data ?? []).flatMap(itemFaults))
      ids.push(...(page.data ?? []).map(({ id }) => id))
      if (page.has_more && page.after === undefined) faults.push('has_more without after')
      more = page.has_more && page.after !== undefined && ids.length < 10_000
      after = page.after
    }
    return [ids, faults]
  }

  async function attachments(): Promise<string[] | { notTried: string }> {
    const bytes = 'hello'
    const created = await client.ask('attachments.create', {
      name: 'a.txt',
      size: bytes.length,
      mime_type: 'text/plain',
    })
    if (created.status !== 200) return refusedAs(created, [400, 404, 409, 422, 501])
    const faults = answerFaults('attachments.create', created.json)
    const draft = created.json as {
      id: string
      upload_descriptor?: { url: string; method: string; headers: Record<string, string> }
    }
    const upload = draft.upload_descriptor
    if (!upload) return [...faults, 'a two-phase upload has no upload_descriptor']
    const form = new FormData()
    form.set('file', new File([bytes], 'a.txt', { type: 'text/plain' }))
    const body = upload.method === 'PUT' ? bytes : form
    const put = await fetch(new URL(upload.url, client.url), { method: upload.method, headers: upload.headers, body })
    if (!put.ok) faults.push(`the upload was answered ${put.status}`)
    const sent = await stream('threads.add_user_message', { ...inThread, ...say(prompts.message, [draft.id]) })
    const [message] = finished(sent.events)
    if (!JSON.stringify(message?.attachments ?? []).includes(draft.id))
      faults.push('the message has no such attachment')
    const other = await client.ask('attachments.create', { name: 'b.txt', size: 1, mime_type: 'text/plain' })
    const deleted = await json('attachments.delete', { attachment_id: (other.json as { id: string }).id })
    return [...faults, ...sent.faults, ...deleted.faults]
  }
}

function finished(events: readonly WireEvent[]): Item[] {
  return events.flatMap(({ type, item }) => (type === 'thread.item.done' && item ? [item as Item] : []))
}

/** What is sent back by the buttons of a widget that the server handles. */
function actionsIn(value: unknown): { type: string; payload?: unknown }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const action = member as { type?: unknown; payload?: unknown; handler?: unknown }
    if (!/^on[A-Z].*Action$/.test(name) || typeof action?.type !== 'string') return actionsIn(member)
    return action.handler === 'client' ? [] : [{ type: action.type, payload: action.payload }]
  })
}

/** Refused as JSON, with one of these codes, before any stream. */
function refusedAs(answer: Answer, statuses: number[]): string[] {
  return [
    ...answer.faults,
    ...(statuses.includes(answer.status) ? [] : [`HTTP ${answer.status} instead of ${statuses.join(' or ')}`]),
    ...(answer.events.length > 0 ? ['it is a stream'] : []),
  ]
}

const malformed = (thread: string): [string, string][] => [
  ['broken JSON', '{"type":"threads.create","params":'],
  ['a list', '[]'],
  ['no type', '{"params":{}}'],
  ['an unknown type', '{"type":"threads.unheard_of","params":{}}'],
  ['no params', '{"type":"threads.get_by_id"}'],
  ['a number as a thread', '{"type":"threads.get_by_id","params":{"thread_id":7}}'],
  ['an order that is none', JSON.stringify({ type: 'items.list', params: { thread_id: thread, order: 'sideways' } })],
  [
    'content without a kind',
    JSON.stringify({
      type: 'threads.create',
      params: { input: { content: [{}], attachments: [], inference_options: {} } },
    }),
  ],
  [
    'no attachments member',
    JSON.stringify({
      type: 'threads.create',
      params: { input: { content: [{ type: 'input_text', text: 'x' }], inference_options: {} } },
    }),
  ],
]

const foreign = (input: object): [string, object][] => {
  const unknown = { thread_id: 'thr_00000000' }
  return [
    ['threads.get_by_id', unknown],
    ['items.list', unknown],
    ['threads.update', { ...unknown, title: 'x' }],
    ['threads.add_user_message', { ...unknown, ...input }],
    ['threads.add_client_tool_output', { ...unknown, result: 1 }],
    ['threads.add_structured_input', { ...unknown, item_id: 'msg_00000000', input: {} }],
    ['threads.retry_after_item', { ...unknown, item_id: 'msg_00000000' }],
    ['threads.custom_action', { ...unknown, action: { type: 'x' } }],
    ['threads.sync_custom_action', { ...unknown, item_id: 'msg_00000000', action: { type: 'x' } }],
    ['items.feedback', { ...unknown, item_ids: ['msg_00000000'], kind: 'positive' }],
    ['attachments.delete', { attachment_id: 'atc_00000000' }],
  ]
}

const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((it, n) => it === b[n])

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, it]) => [key, sorted(it)]),
  )
}
