import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Conversation } from '../api/conversations/conversation.entity.ts'
import { Message } from '../api/conversations/message.entity.ts'
import { createDatabase } from '../api/database/database.ts'
import { internalId } from '../api/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { cleanUpAfterFile } from './support/cleaning.ts'
import { engine, openDatabase } from './support/databases.ts'
import { keyOf } from './support/key.ts'
import { moveIn } from './support/moving.ts'
import { calls, says, startProvider } from './support/scripted-provider.ts'
import type { User } from './support/user.ts'

async function moveOut(user: User, query = ''): Promise<string> {
  const response = await user.request(`/export${query}`)
  expect(response.status).toBe(200)
  return response.text()
}

async function saidBy(user: User, conversationId: string | null | undefined) {
  const { conversation } = await user.query<{
    conversation: {
      title: string
      messages: {
        edges: {
          node: { role: string; content: string; supersededAt: string | null; replaces: { content: string } | null }
        }[]
      }
    }
  }>(
    `query ($id: ID!) { conversation(id: $id) { title messages(first: 100, includeSuperseded: true) { edges { node {
      role content supersededAt replaces { content } } } } } }`,
    { id: conversationId },
  )
  const messages = conversation.messages.edges.map(({ node }) => node)
  return {
    title: conversation.title,
    shown: messages.filter((it) => !it.supersededAt).map((it) => `${it.role} ${it.content}`),
    superseded: messages.filter((it) => it.supersededAt).map((it) => `${it.role} ${it.content}`),
    replaced: messages.flatMap((it) => (it.replaces ? [`${it.content} <- ${it.replaces.content}`] : [])),
  }
}

describe('a bundle', () => {
  let app: TestApp
  let ada: User
  let bundle: string

  beforeAll(async () => {
    const provider = await startProvider()
    app = await startApp({ provider })
    ada = await app.user('ada')
    provider.plays(
      calls({ name: 'add_task', arguments: { title: 'milk' } }),
      says('Done. "Quotes", <tags>, 日本語 and\nlines.'),
    )
    const first = await ada.hears('Remind me of milk')
    provider.plays(says('Again.'))
    const { editMessage } = await ada.mutate<{ editMessage: { run: { id: string } } }>(
      'mutation ($id: ID!) { editMessage(input: { messageId: $id, content: "Remind me of oat milk" }) { run { id } } }',
      { id: first.message.id },
    )
    await Array.fromAsync(ada.follows(editMessage.run))
    provider.plays(says('Second <b>.'))
    const second = await ada.hears('Something else')
    await ada.mutate(
      'mutation ($id: ID!) { updateConversation(input: { conversationId: $id, title: "Put <away>", archived: true, pinned: true }) { conversation { id } } }',
      { id: second.conversation.id },
    )
    const picture = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const em = app.database.units.asSystem()
    const part = { kind: 'IMAGE', title: 'A dot', uri: null, mimeType: 'image/png', bytes: picture.length }
    await em.execute(
      'update tool_call set result_parts = ?, result_images = ?, subject = ? where conversation_id = ?',
      [
        ...[JSON.stringify([part]), JSON.stringify([picture.toString('base64')]), 'milk'],
        internalId('conv', first.conversation.id),
      ],
    )
    await em.execute(
      `insert into attachment (id, user_id, message_id, position, name, media_type, size, bytes, uploaded_at, created_at)
       select gen_random_uuid(), user_id, id, 0, 'dot.png', 'image/png', ?, ?, now(), now() from message where id = ?`,
      [picture.length, picture, internalId('msg', first.message.id)],
    )
    bundle = await moveOut(ada)
    expect(bundle.split(picture.toString('base64')).length).toBeGreaterThan(2)
  })

  test('is one JSON value per line, with a header', () => {
    const lines = bundle
      .trimEnd()
      .split('\n')
      .map((line): { type: string } => JSON.parse(line))
    expect(lines[0]).toEqual({ type: 'parley-export', version: 1 })
    expect(lines.filter(({ type }) => type === 'conversation').length).toBe(2)
    expect(lines.filter(({ type }) => type === 'end').length).toBe(2)
    expect(lines.filter(({ type }) => type === 'run').length).toBe(3)
  })

  test('comes out of an empty server as it went in, byte for byte', async () => {
    const elsewhere = await startApp({ database: await openDatabase() })
    const adas = await elsewhere.user('ada')
    expect(await moveIn(adas, bundle)).toMatchObject({
      status: 'DONE',
      format: 'parley',
      imported: 2,
      present: 0,
      skipped: 0,
    })
    expect(await moveOut(adas)).toBe(bundle)
    expect(await moveIn(adas, bundle)).toMatchObject({ status: 'DONE', imported: 0, present: 2 })
    expect(await moveOut(adas)).toBe(bundle)
    const found = await adas.query<{ searchMessages: { totalCount: number } }>(
      '{ searchMessages(query: "oat milk") { totalCount } }',
    )
    expect(found.searchMessages.totalCount).toBeGreaterThan(0)
  })

  test('comes through the other kind of database, too', async () => {
    if (engine() === 'pglite') return // this way and back is gone on PostgreSQL, with an embedded one between
    const dataDir = mkdtempSync(join(tmpdir(), 'parley-'))
    cleanUpAfterFile(() => rmSync(dataDir, { recursive: true, force: true }))
    const config = { databaseUrl: undefined, dataDir }
    const database = await createDatabase(config)
    cleanUpAfterFile(() => database.close())
    await database.migrate()
    const between = await (await startApp({ database: { ...database, config } })).user('ada')
    expect(await moveIn(between, bundle)).toMatchObject({ status: 'DONE', imported: 2 })
    const through = await moveOut(between)
    expect(through).toBe(bundle)
    const back = await app.user('back')
    expect(await moveIn(back, through)).toMatchObject({ status: 'DONE', imported: 2 })
    expect(await moveOut(back)).toBe(bundle)
  })

  test('adds nothing where it came from, and is another’s own with another', async () => {
    expect(await moveIn(ada, bundle)).toMatchObject({ imported: 0, present: 2 })
    const eve = await app.user('eve')
    const job = await moveIn(eve, bundle)
    expect(job).toMatchObject({ imported: 2 })
    expect(await moveOut(eve)).toBe(bundle)
    expect(await moveOut(ada)).toBe(bundle)
    for (const { conversationId } of job.report) expect(bundle).not.toContain(conversationId)
  })

  test('an imported conversation goes on', async () => {
    const eve = await app.user('eve')
    const { report } = await moveIn(eve, bundle)
    const { message } = await eve.hears('And now?', { conversation: report[0]?.conversationId ?? '' })
    expect(message.sequence).toBeGreaterThan(4)
  })

  test('of one conversation has that alone, and none of others', async () => {
    const { conversations } = await ada.query<{ conversations: { edges: { node: { id: string } }[] } }>(
      '{ conversations { edges { node { id } } } }',
    )
    const id = conversations.edges[0]?.node.id ?? ''
    const one = await moveOut(ada, `?conversation=${id}`)
    expect(one.match(/"type":"conversation"/g)?.length).toBe(1)
    const eve = await app.user('eve')
    for (const foreign of [id, 'conv_01h455vb4pex5vsknk084sn02q', 'nonsense'])
      expect((await eve.request(`/export?conversation=${foreign}`)).status).toBe(404)
    expect(await moveOut(eve)).toBe('{"type":"parley-export","version":1}\n')
  })

  test('can be read by people', async () => {
    const text = await moveOut(ada, '?format=markdown')
    expect(text).toContain('## You\n\nRemind me of oat milk\n')
    expect(text).not.toContain('Remind me of milk\n')
    expect(text, 'tags are text').toContain('Second &lt;b>.\n')
    expect(text).toContain('# Put \\<away\\>\n')
  })

  test('needs a credential with the scope', async () => {
    expect((await fetch(`${app.url}/export`)).status).toBe(401)
    const { key } = await keyOf(ada, ['tasks:read'])
    const headers = { authorization: `Bearer ${key}` }
    expect((await fetch(`${app.url}/export`, { headers })).status).toBe(403)
    const body = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '[]' }
    expect((await fetch(`${app.url}/import`, body)).status).toBe(403)
    expect((await ada.request('/export?format=pdf')).status).toBe(400)
    expect((await ada.request('/import')).status).toBe(405)
  })

  const lines = () => bundle.trimEnd().split('\n')
  const fileLine = JSON.stringify({
    ...{ type: 'attachment', message: 1, name: 'a.png', mediaType: 'image/svg+xml' },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', uploadedAt: '2026-01-01T00:00:00.000Z' },
    data: Buffer.from('<svg onload="alert(1)"/>').toString('base64'),
  })
  const damages: [string, () => string, object][] = [
    ['cut in the middle', () => bundle.slice(0, bundle.length * 0.6), { status: 'DONE', skipped: 1 }],
    ['cut before its last line', () => lines().slice(0, -1).join('\n'), { status: 'DONE', imported: 1, skipped: 1 }],
    ['a line short', () => lines().toSpliced(3, 1).join('\n'), { status: 'DONE', imported: 1, skipped: 1 }],
    [
      'with a line that is not JSON',
      () => lines().with(3, '{"type":"message",').join('\n'),
      { imported: 1, skipped: 1 },
    ],
    ['with a damaged beginning', () => lines().with(1, '{"type":"conversation","id"').join('\n'), { imported: 1 }],
    [
      'with a message twice',
      () =>
        lines()
          .toSpliced(2, 0, lines()[2] ?? '')
          .join('\n'),
      { imported: 1, skipped: 1 },
    ],
    [
      'with a role that nobody has',
      () => bundle.replace('"role":"USER"', '"role":"KING"'),
      { imported: 1, skipped: 1 },
    ],
    ['with a NUL', () => bundle.replace('Remind', '\\u0000'), { imported: 1, skipped: 1 }],
    [
      'with a program that is called a picture',
      () => lines().toSpliced(3, 0, fileLine).join('\n'),
      { imported: 1, skipped: 1 },
    ],
    [
      'with a member too many',
      () => bundle.replace('"role":"USER"', '"userId":"x","role":"USER"'),
      { imported: 1, skipped: 1 },
    ],
    ['of a later version', () => bundle.replace('"version":1', '"version":2'), { status: 'FAILED', imported: 0 }],
    ['that is empty', () => '', { status: 'FAILED' }],
    ['that is no JSON', () => 'PK\u0003\u0004', { status: 'FAILED' }],
    ['that is other JSON', () => '{"a":1}', { status: 'FAILED' }],
    ['that is a list of nothing', () => '[]', { status: 'FAILED' }],
  ]
  test.each(damages)('%s is told, and never half a conversation comes of it', async (_, damaged, expected) => {
    const user = await app.user('someone')
    const job = await moveIn(user, damaged())
    expect(job).toMatchObject(expected)
    for (const { outcome, reason } of job.report) expect(reason !== null).toBe(outcome === 'SKIPPED')
    if (job.status === 'FAILED') expect(job.problem).toBeTruthy()
    const whole = await moveOut(user)
    for (const line of whole.trimEnd().split('\n').slice(1)) expect(lines()).toContain(line)
  })

  test('on its way out is cut when the server stops, and whoever reads it notices', async () => {
    const stopping = await startApp()
    const user = await stopping.user('ada')
    const { conversation } = await user.hears('Hello')
    await stopping.database.units.asSystem().execute(
      `insert into message (id, user_id, conversation_id, sequence, role, content, status, created_at)
       select gen_random_uuid(), c.user_id, c.id, 10 + n, 'USER', repeat(md5(n::text), 2000), 'COMPLETE', now()
       from conversation c, generate_series(1, 400) n where c.id = ?`,
      [internalId('conv', conversation.id)],
    )
    const response = await user.request('/export')
    const reader = response.body?.getReader()
    await reader?.read()
    await stopping.close()
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow()
  })

  test('that is still arriving when the server stops is told so; one at a time of each person, and few in all', async () => {
    const stopping = await startApp({ limits: { imports: 2 } })
    const people = await Promise.all(['a', 'b', 'c'].map((name) => stopping.user(name)))
    const sends = (user: User | undefined, body: ReadableStream<Uint8Array>) =>
      user?.request('/import', {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
        ...{ duplex: 'half' },
      } as RequestInit)
    const arriving = () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('[')),
        pull: () => new Promise(() => resolve()), // asked for more: the beginning is out
      })
      return { body, out: promise }
    }
    const [first, second] = [arriving(), arriving()]
    const answers = [sends(people[0], first.body), sends(people[1], second.body)]
    await Promise.all([first.out, second.out])
    const codeOf = async (user: User | undefined) => {
      const answer = await sends(user, new Blob(['[]']).stream())
      return answer && ((await answer.json()) as { error?: { code: string } }).error?.code
    }
    await expect.poll(() => codeOf(people[0])).toBe('CONFLICT')
    await expect.poll(() => codeOf(people[2])).toBe('OVERLOADED')
    await stopping.close()
    for (const answer of answers) expect([503, undefined]).toContain((await answer?.catch(() => undefined))?.status)
  })

  test('that is too long is refused', async () => {
    const small = await startApp({ limits: { importBytes: 100 }, database: await openDatabase() })
    const user = await small.user('ada')
    const response = await user.request('/import', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: 'x'.repeat(101),
    })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { code: 'PAYLOAD_TOO_LARGE', limitName: 'importBytes' } })
  })
})

describe('exports of other programs', () => {
  const node = (id: string, parent: string | null, role: string, text: string, time = 1_700_000_000) => ({
    id,
    parent,
    children: [],
    message: { author: { role }, create_time: time, content: { content_type: 'text', parts: [text] } },
  })
  const chatgpt = (id: string, title = 'Paris') => ({
    title,
    create_time: 1_700_000_000.123,
    update_time: 1_700_000_100,
    conversation_id: id,
    current_node: 'a2',
    mapping: {
      root: { id: 'root', message: null, parent: null, children: ['s'] },
      s: node('s', 'root', 'system', ''),
      u1: node('u1', 's', 'user', 'Where is Paris?'),
      a1: node('a1', 'u1', 'assistant', 'In Texas.'),
      a2: node('a2', 'u1', 'assistant', 'In France.', 1_700_000_050),
    },
  })
  const tree = {
    title: 'Paris',
    shown: ['USER Where is Paris?', 'ASSISTANT In France.'],
    superseded: ['ASSISTANT In Texas.'],
    replaced: ['In France. <- In Texas.'],
  }
  const claude = {
    uuid: 'c-1',
    name: 'Paris',
    created_at: '2026-01-01T10:00:00.000Z',
    updated_at: '2026-01-01T11:00:00.000Z',
    current_leaf_message_uuid: 'a2',
    chat_messages: [
      { uuid: 'u1', sender: 'human', text: 'Where is Paris?', created_at: '2026-01-01T10:00:00.000Z' },
      {
        uuid: 'a1',
        sender: 'assistant',
        text: 'In Texas.',
        created_at: '2026-01-01T10:00:01.000Z',
        parent_message_uuid: 'u1',
      },
      {
        uuid: 'a2',
        sender: 'assistant',
        text: '',
        content: [{ type: 'thinking' }, { type: 'text', text: 'In France.' }],
        created_at: '2026-01-01T10:00:02.000Z',
        parent_message_uuid: 'u1',
      },
    ],
  }
  const libreMessage = (
    messageId: string,
    parentMessageId: string,
    isCreatedByUser: boolean,
    text: string,
    second: number,
  ) => ({
    messageId,
    parentMessageId,
    isCreatedByUser,
    text,
    createdAt: `2026-01-01T10:00:0${second}.000Z`,
  })
  const librechat = {
    conversationId: 'l-1',
    title: 'Paris',
    exportAt: 'now',
    recursive: false,
    messages: [
      libreMessage('u1', '00000000-0000-0000-0000-000000000000', true, 'Where is Paris?', 0),
      libreMessage('a1', 'u1', false, 'In Texas.', 1),
      libreMessage('a2', 'u1', false, 'In France.', 2),
    ],
  }
  const openMessage = (id: string, parentId: string | null, role: string, content: string) => ({
    id,
    parentId,
    role,
    content,
    timestamp: 1_700_000_000,
  })
  const openWebui = {
    id: 'o-1',
    title: 'Paris',
    created_at: 1_700_000_000,
    updated_at: 1_700_000_100,
    chat: {
      history: {
        currentId: 'a2',
        messages: {
          u1: openMessage('u1', null, 'user', 'Where is Paris?'),
          a1: openMessage('a1', 'u1', 'assistant', 'In Texas.'),
          a2: openMessage('a2', 'u1', 'assistant', 'In France.'),
        },
      },
    },
  }
  const files: [string, object][] = [
    ['chatgpt', [chatgpt('g-1')]],
    ['claude', [claude]],
    ['librechat', librechat],
    ['open-webui', [openWebui]],
  ]

  test.each(files)('%s: branches are superseded versions, and nothing comes twice', async (format, file) => {
    const app = await startApp()
    const ada = await app.user('ada')
    const job = await moveIn(ada, file)
    expect(job).toMatchObject({ status: 'DONE', format, total: 1, imported: 1 })
    expect(await saidBy(ada, job.report[0]?.conversationId)).toEqual(tree)
    expect(await moveIn(ada, file)).toMatchObject({ imported: 0, present: 1 })
    const bundle = await moveOut(ada)
    const eve = await app.user('eve')
    expect(await moveIn(eve, bundle)).toMatchObject({ imported: 1 })
    expect(await moveOut(eve)).toBe(bundle)
    expect(await moveIn(eve, file)).toMatchObject({ present: 1 })
  })

  const titled = (it: object, more: object) => ({ ...it, ...more })
  const withTools: [string, object, object][] = [
    [
      'chatgpt',
      [
        {
          ...chatgpt('g-t'),
          current_node: 'a',
          mapping: {
            u: {
              ...node('u', null, 'user', 'Weather?'),
              message: {
                ...node('u', null, 'user', 'Weather?').message,
                metadata: { attachments: [{ name: 'map.pdf' }] },
              },
            },
            c: {
              id: 'c',
              parent: 'u',
              message: {
                author: { role: 'assistant' },
                recipient: 'python',
                create_time: 1_700_000_001,
                content: { content_type: 'code', language: 'unknown', text: 'weather("Paris")' },
                metadata: { model_slug: 'gpt-5' },
              },
            },
            t: {
              id: 't',
              parent: 'c',
              message: {
                author: { role: 'tool', name: 'python' },
                content: { content_type: 'execution_output', text: 'Rain' },
              },
            },
            a: {
              ...node('a', 't', 'assistant', 'It rains.', 1_700_000_009),
              message: {
                ...node('a', 't', 'assistant', 'It rains.', 1_700_000_009).message,
                metadata: { model_slug: 'gpt-5' },
              },
            },
          },
        },
      ],
      {
        question: 'Weather?\n\n*(a file: `map.pdf`)*',
        arguments: '```\nweather("Paris")\n```',
        model: 'gpt-5',
        name: 'python',
      },
    ],
    [
      'claude',
      [
        {
          ...claude,
          uuid: 'c-t',
          current_leaf_message_uuid: null,
          chat_messages: [
            titled(claude.chat_messages[0] ?? {}, {
              text: 'Weather?',
              attachments: [{ file_name: '../notes.txt', extracted_content: 'Rain \u0000tomorrow' }],
              files: [{ file_name: 'map.pdf' }],
            }),
            titled(claude.chat_messages[2] ?? {}, {
              model: 'claude-x',
              content: [
                { type: 'thinking', text: 'hm' },
                { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } },
                { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'Rain' }] },
                { type: 'text', text: 'It rains.' },
              ],
            }),
          ],
        },
      ],
      {
        question: 'Weather?\n\n*(a file: `map.pdf`)*',
        arguments: { city: 'Paris' },
        model: 'claude-x',
        name: 'weather',
        files: ['.. notes.txt'],
      },
    ],
    [
      'librechat',
      {
        ...librechat,
        conversationId: 'l-t',
        messages: [
          titled(libreMessage('u', '0', true, 'Weather?', 0), { files: [{ filename: 'map.pdf' }] }),
          titled(libreMessage('a', 'u', false, '', 1), {
            model: 'gpt-x',
            feedback: { rating: 'thumbsUp' },
            content: [
              { type: 'think', think: 'hm' },
              { type: 'tool_call', tool_call: { id: 'c1', name: 'weather', args: '{"city":"Paris"}', output: 'Rain' } },
              { type: 'text', text: { value: 'It rains.' } },
            ],
          }),
        ],
      },
      {
        question: 'Weather?\n\n*(a file: `map.pdf`)*',
        arguments: { city: 'Paris' },
        model: 'gpt-x',
        name: 'weather',
        feedback: 'UP',
      },
    ],
    [
      'open-webui',
      [
        {
          ...openWebui,
          id: 'o-t',
          chat: {
            history: {
              currentId: 'a',
              messages: {
                u: titled(openMessage('u', null, 'user', 'Weather?'), { files: [{ type: 'file', name: 'map.pdf' }] }),
                a: titled(
                  openMessage(
                    'a',
                    'u',
                    'assistant',
                    '<details type="reasoning" done="true">\n<summary>Thought</summary>\nhm\n</details>\n<details type="tool_calls" done="true" id="c1" name="weather" arguments="&quot;{\\&quot;city\\&quot;:\\&quot;Paris\\&quot;}&quot;" result="&quot;Rain&quot;" files="">\n<summary>Tool Executed</summary>\n</details>\nIt rains.',
                  ),
                  { model: 'llama', annotation: { rating: -1 } },
                ),
              },
            },
          },
        },
      ],
      {
        question: 'Weather?\n\n*(a file: `map.pdf`)*',
        arguments: { city: 'Paris' },
        model: 'llama',
        name: 'weather',
        feedback: 'DOWN',
      },
    ],
  ]
  test.each(withTools)('%s: tool calls, models, ratings and files come along', async (format, file, expected) => {
    const app = await startApp()
    const ada = await app.user('ada')
    const job = await moveIn(ada, file)
    expect(job).toMatchObject({ status: 'DONE', format, imported: 1 })
    const { conversation } = await ada.query<{ conversation: { messages: { edges: { node: Whole }[] } } }>(
      `query ($id: ID!) { conversation(id: $id) { messages { edges { node {
        role content feedback attachments { name }
        run { model status } toolCalls { name server arguments status resultText }
      } } } } }`,
      { id: job.report[0]?.conversationId },
    )
    type Whole = {
      role: string
      content: string
      feedback: string | null
      attachments: { name: string }[]
      run: { model: string; status: string } | null
      toolCalls: { name: string; arguments: unknown; status: string; resultText: string }[]
    }
    const [question, ...answers] = conversation.messages.edges.map((it) => it.node)
    const calls = answers.flatMap((it) => it.toolCalls)
    expect({
      question: question?.content,
      files: question?.attachments.map((it) => it.name),
      answer: answers.map((it) => it.content).join(''),
      models: answers.map((it) => it.run?.model),
      calls: calls.map(({ name, arguments: it, status, resultText }) => [name, it, status, resultText]),
      feedback: answers.at(-1)?.feedback,
    }).toEqual({
      ...{ question: 'question' in expected && expected.question, answer: 'It rains.' },
      files: 'files' in expected ? expected.files : [],
      models: answers.map(() => 'model' in expected && expected.model),
      calls: [
        [
          ...('name' in expected && 'arguments' in expected ? [expected.name, expected.arguments] : []),
          'SUCCEEDED',
          'Rain',
        ],
      ],
      feedback: 'feedback' in expected ? expected.feedback : null,
    })
    const bundle = await moveOut(ada)
    const eve = await app.user('eve')
    expect(await moveIn(eve, bundle)).toMatchObject({ imported: 1 })
    expect(await moveOut(eve)).toBe(bundle)
  })

  /** Each member of a file changed, one after the other: whatever happens, the counts add up and only whole conversations come. */
  test.each(files)('%s: every member damaged in turn ends in a report', async (_, file) => {
    const app = await startApp()
    const user = await app.user('ada')
    const whole = JSON.stringify(file)
    const damages = [...whole.matchAll(/"(\w+)":/g)].flatMap(({ index, 0: member }) => [
      `${whole.slice(0, index)}"gone":${whole.slice(index + member.length)}`,
      `${whole.slice(0, index)}${member}{"x":[${whole.slice(index + member.length).replace(/^[^,}\]]*/, '7]}')}`,
    ])
    const some = damages.filter((_, at) => at % Math.ceil(damages.length / 12) === 0)
    for (const damaged of [...some, whole.slice(0, -10), `${whole}${whole}`]) {
      const job = await moveIn(user, damaged)
      expect(job.status === 'FAILED' ? job.problem : job.total, damaged).toBeTruthy()
      for (const { outcome, reason } of job.report) expect(reason !== null).toBe(outcome === 'SKIPPED')
    }
    const bundle = await moveOut(user)
    const eve = await app.user('eve')
    expect(await moveIn(eve, bundle)).toMatchObject({ status: 'DONE', skipped: 0 })
    expect(await moveOut(eve)).toBe(bundle)
  })

  test('shards come one after the other; what is damaged is named', async () => {
    const app = await startApp()
    const ada = await app.user('ada')
    const broken = { ...chatgpt('g-9', 'Broken'), create_time: 'yesterday' }
    expect(await moveIn(ada, [chatgpt('g-1'), broken, { mapping: {} }, 7])).toMatchObject({
      imported: 1,
      skipped: 3,
      report: [
        { outcome: 'IMPORTED' },
        { name: 'Broken', outcome: 'SKIPPED', reason: expect.stringContaining('create_time') },
        { name: 'number 3', outcome: 'SKIPPED' },
        { name: 'number 4', outcome: 'SKIPPED' },
      ],
    })
    expect(await moveIn(ada, [chatgpt('g-1'), chatgpt('g-2')])).toMatchObject({ imported: 1, present: 1 })
  })

  test('hard ones: circles, missing parents, ten thousand messages deep, signs that cannot be stored', async () => {
    const app = await startApp({ limits: { pageMax: 100 } })
    const ada = await app.user('ada')
    const deep = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, n) => [
        `n${n}`,
        node(`n${n}`, n === 0 ? null : `n${n - 1}`, n % 2 ? 'assistant' : 'user', `Nr ${n}`),
      ]),
    )
    const circle = { x: node('x', 'y', 'user', 'one'), y: node('y', 'x', 'assistant', 'two') }
    const strange = {
      x: node('x', 'gone', 'user', 'a\0b\ud800c'),
      y: node('y', 'x', 'tool', 'hidden'),
      z: node('z', 'y', 'assistant', 'kept'),
    }
    const job = await moveIn(ada, [
      { ...chatgpt('deep', 'Deep'), mapping: deep, current_node: 'n2999' },
      { ...chatgpt('circle', 'Circle'), mapping: circle },
      { ...chatgpt('strange', 'S'.repeat(300)), mapping: strange, current_node: 'z' },
    ])
    expect(job.report.map(({ outcome, reason }) => [outcome, reason])).toEqual(Array(3).fill(['IMPORTED', null]))
    expect((await saidBy(ada, job.report[1]?.conversationId)).shown).toEqual(['USER one', 'ASSISTANT two'])
    const em = app.database.units.asSystem()
    const id = internalId('conv', job.report[0]?.conversationId ?? '') ?? ''
    expect(await em.count(Message, { conversationId: id, supersededAt: null })).toBe(3_000)
    expect((await em.findOneOrFail(Conversation, { id })).lastSequence).toBe(3_000)
    const third = await saidBy(ada, job.report[2]?.conversationId)
    expect(third.shown).toEqual(['USER ab\ufffdc', 'ASSISTANT kept'])
    expect(third.title).toBe('S'.repeat(200))
  })
})
