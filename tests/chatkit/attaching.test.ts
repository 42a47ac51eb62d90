import { expect, test } from 'vitest'
import type { AttachmentItem, UserMessageItem } from '../../api/chatkit/protocol.ts'
import { internalId } from '../../api/ids.ts'
import { sweepOld } from '../../api/runs/retention.ts'
import { startApp } from '../support/app.ts'
import { cleanUpAfterFile } from '../support/cleaning.ts'
import { says, startProvider } from '../support/scripted-provider.ts'
import type { User } from '../support/user.ts'
import { chatkitOf, messageRequest } from './chat.ts'
import { answerFaults, streamFaults } from './conformance.ts'

const provider = await startProvider()
cleanUpAfterFile(() => provider.close())
const limits = { attachmentBytes: 50_000, attachmentDrafts: 12, attachmentHistoryBytes: 60_000 }
const app = await startApp({ provider, limits })
const { attachmentsPerMessage, attachmentDraftHours } = app.config.limits
const chatApp = await startApp({ provider, api: 'chat' })

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg==',
  'base64',
)
const pdf = Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n', 'latin1')

/** Uploads in one step, as a form. */
async function uploads(user: User, name: string, bytes: string | Buffer, type: string): Promise<Response> {
  const form = new FormData()
  form.set('file', new File([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)], name, { type }))
  return user.request('/attachments', { method: 'POST', body: form })
}

async function uploaded(user: User, name: string, bytes: string | Buffer, type: string): Promise<AttachmentItem> {
  const answer = await uploads(user, name, bytes, type)
  expect(answer.status).toBe(201)
  const item = (await answer.json()) as AttachmentItem
  expect(answerFaults('attachments.create', item)).toEqual([])
  return item
}

const announces = (user: User, params: object) => user.chatkit({ type: 'attachments.create', params })

function withFiles(text: string, attachments: string[], thread?: string) {
  const request = messageRequest(text, thread === undefined ? {} : { thread })
  return { ...request, params: { ...request.params, input: { ...request.params.input, attachments } } }
}

async function sends(user: User, text: string, attachments: string[], thread?: string) {
  const chat = chatkitOf(user)
  const { events } = await chat.opens(withFiles(text, attachments, thread))
  const heard = await Array.fromAsync(events)
  expect(streamFaults(thread ? 'threads.add_user_message' : 'threads.create', heard)).toEqual([])
  const item = heard.find(({ item }) => item?.type === 'user_message')?.item as unknown as UserMessageItem
  return { item, thread: item.thread_id }
}

test('in two steps: announced, put, sent, shown to the model, read, gone with the conversation', async () => {
  const ada = await app.user('ada')
  const chat = chatkitOf(ada)
  const draft = await chat.ask<AttachmentItem>('attachments.create', {
    name: 'dot.png',
    size: png.length,
    mime_type: 'image/png',
  })
  expect(draft).toMatchObject({ type: 'image', name: 'dot.png', mime_type: 'image/png' })
  const { url = '', method, headers } = draft.upload_descriptor ?? {}
  expect((await ada.chatkit(withFiles('too early', [draft.id]))).status).toBe(404)
  const put = await fetch(url, { method: method ?? '', headers: headers ?? {}, body: new Uint8Array(png) })
  expect(put.status).toBe(200)
  expect(put.headers.get('access-control-allow-origin')).toBe('*')
  expect(await put.json()).not.toHaveProperty('upload_descriptor')
  expect((await fetch(url, { method: 'PUT', body: new Uint8Array(png) })).status).toBe(409)
  provider.plays(says('A dot.'))
  const { item, thread } = await sends(ada, 'What is this?', [draft.id])
  expect(item.attachments).toEqual(
    [{ ...draft, upload_descriptor: undefined, thread_id: thread }].map(withoutUndefined),
  )
  expect(JSON.stringify(provider.requests.at(-1)?.body)).toContain(
    JSON.stringify({
      type: 'input_image',
      image_url: `data:image/png;base64,${png.toString('base64')}`,
      detail: 'auto',
    }),
  )
  const shown = (await chat.items(thread, { order: 'asc' })).data[0]
  expect(shown).toEqual(item)
  const preview =
    shown?.type === 'user_message' && shown.attachments[0]?.type === 'image' ? shown.attachments[0].preview_url : ''
  const read = await fetch(preview)
  expect(Buffer.from(await read.arrayBuffer())).toEqual(png)
  expect(Object.fromEntries(read.headers)).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'content-disposition': "inline; filename*=UTF-8''dot.png",
    'cross-origin-resource-policy': 'cross-origin',
  })
  expect((await ada.chatkit({ type: 'attachments.delete', params: { attachment_id: draft.id } })).status).toBe(409)
  await chat.ask('threads.delete', { thread_id: thread })
  expect((await fetch(preview)).status).toBe(404)
})

const withoutUndefined = (value: object) => JSON.parse(JSON.stringify(value))

test('in one step, over GraphQL too; texts are among the words, documents beside them', async () => {
  const ada = await app.user('ada')
  const notes = await uploaded(ada, '../..\\notes.md', '# Oat milk\n', 'text/markdown')
  const paper = await uploaded(ada, 'paper.pdf', pdf, 'application/pdf')
  expect(notes).toMatchObject({ type: 'file', name: 'notes.md', mime_type: 'text/markdown' })
  provider.plays(says('Read.'))
  const { sendMessage } = await ada.mutate<{
    sendMessage: {
      run: { id: string }
      message: { id: string; attachments: { id: string; name: string; mediaType: string; size: number; url: string }[] }
    }
  }>(
    `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
      run { id } message { id attachments { id name mediaType size url } }
    } }`,
    { input: { content: '', attachmentIds: [notes.id, paper.id] } },
  )
  await Array.fromAsync(ada.follows(sendMessage.run))
  expect(sendMessage.message.attachments).toMatchObject([
    { id: notes.id, name: 'notes.md', mediaType: 'text/markdown', size: 11 },
    { id: paper.id, name: 'paper.pdf', mediaType: 'application/pdf', size: pdf.length },
  ])
  const asked = JSON.stringify(provider.requests.at(-1)?.body)
  expect(asked).toContain('[File \\"notes.md\\" (text/markdown):]\\n# Oat milk\\n')
  expect(asked).toContain('"type":"input_file","filename":"paper.pdf"')
  const read = await fetch(sendMessage.message.attachments[0]?.url ?? '')
  expect(read.headers.get('content-disposition')).toMatch(/^attachment;/)
  expect(read.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
  expect(await read.text()).toBe('# Oat milk\n')
})

test('an edited message keeps its files', async () => {
  const ada = await app.user('ada')
  const notes = await uploaded(ada, 'notes.txt', 'oat', 'text/plain')
  provider.plays(says('One.'), says('Two.'))
  const { item } = await sends(ada, 'Read it', [notes.id])
  const { editMessage } = await ada.mutate<{
    editMessage: { run: { id: string }; message: { attachments: { name: string }[] } }
  }>(
    'mutation ($input: EditMessageInput!) { editMessage(input: $input) { run { id } message { attachments { name } } } }',
    { input: { messageId: item.id, content: 'Read it again' } },
  )
  await Array.fromAsync(ada.follows(editMessage.run))
  expect(editMessage.message.attachments).toEqual([{ name: 'notes.txt' }])
  expect(JSON.stringify(provider.requests.at(-1)?.body)).toContain('(text/plain):]\\noat')
})

test('over the other wire images are shown and documents are named', async () => {
  const ada = await chatApp.user('ada')
  const files = [
    await uploaded(ada, 'dot.png', png, 'image/png'),
    await uploaded(ada, 'paper.pdf', pdf, 'application/pdf'),
  ]
  provider.plays(says('ok'))
  await sends(
    ada,
    'Look',
    files.map(({ id }) => id),
  )
  const asked = JSON.stringify(provider.requests.at(-1)?.body)
  expect(asked).toContain('"type":"image_url","image_url":{"url":"data:image/png;base64,')
  expect(asked).toContain('paper.pdf\\" (application/pdf): it cannot be shown')
})

test.each([
  ['a script in a page', 'page.html', '<script>alert(1)</script>', 'text/html', 201],
  ['a drawing that may hold scripts', 'a.svg', '<svg onload="x"/>', 'image/svg+xml', 201],
  ['a program', 'a.exe', Buffer.from([0x4d, 0x5a, 0, 1, 2]), 'application/octet-stream', 400],
  ['text that says it is an image', 'a.png', 'not a png', 'image/png', 400],
  ['an image that says it is text', 'a.txt', png, 'text/plain', 400],
  ['text that is no UTF-8', 'a.txt', Buffer.from([0x61, 0xff]), 'text/plain', 400],
  ['nothing', 'a.txt', '', 'text/plain', 400],
  ['as much as may be', 'a.txt', 'x'.repeat(50_000), 'text/plain', 201],
  ['too much', 'a.txt', 'x'.repeat(50_001), 'text/plain', 413],
  ['far too much', 'a.txt', 'x'.repeat(80_000), 'text/plain', 413],
  ['no name', '..', 'x', 'text/plain', 400],
  ['a name of 300 characters', 'x'.repeat(300), 'x', 'text/plain', 400],
])('%s: what it is, its bytes say', async (_, name, bytes, type, status) => {
  const ada = await app.user('ada')
  const answer = await uploads(ada, name, bytes, type)
  expect(answer.status).toBe(status)
  const body = await answer.json()
  // Whatever it was called: it is text, and will be read as nothing else.
  if (status === 201) expect(body).toMatchObject({ type: 'file', mime_type: 'text/plain' })
  else expect(body).toMatchObject({ error: { code: expect.any(String) } })
})

test.each([
  [{ name: '..\\..\\con\0.txt', size: -1, mime_type: 'text/html; charset=\r\nX: y' }, 400],
  [{ name: 'big.bin', size: Number.MAX_SAFE_INTEGER, mime_type: 'text/plain' }, 413],
  [{ name: 'big.bin', size: 9_007_199_254_740_994, mime_type: 'application/octet-stream' }, 400],
  [{ name: 'a.txt', size: 0, mime_type: 'text/plain' }, 400],
  [{ name: 'a.txt', size: 1.5, mime_type: 'text/plain' }, 400],
  [{ name: 'a.zip', size: 1, mime_type: 'application/zip' }, 400],
  [{ name: 'a.txt', size: 50_001, mime_type: 'text/plain' }, 413],
])('%j is not announced', async (params, status) => {
  const answer = await announces(await app.user('ada'), params)
  expect(answer.status).toBe(status)
})

test('what is put must be what was announced', async () => {
  const ada = await app.user('ada')
  const { upload_descriptor: upload } = await chatkitOf(ada).ask<AttachmentItem>('attachments.create', {
    ...{ name: 'a.txt', size: 5, mime_type: 'text/plain' },
  })
  const put = async (body: string | Buffer, url = upload?.url ?? '') =>
    (await fetch(url, { method: 'PUT', body: typeof body === 'string' ? body : new Uint8Array(body) })).status
  expect(await put('four')).toBe(400)
  expect(await put('sixsix')).toBe(400)
  expect(await put(Buffer.from([1, 2, 3, 0, 5]))).toBe(400)
  expect(await put('x'.repeat(60_000))).toBe(413)
  expect(await put('12345', `${upload?.url}x`)).toBe(404)
  expect(await put('12345')).toBe(200)
})

test('an address is good for what it was made for, and no longer', async () => {
  const ada = await app.user('ada')
  const item = await uploaded(ada, 'dot.png', png, 'image/png')
  const { preview_url: url = '' } = item as { preview_url?: string }
  const changed = (change: (url: URL) => void) => {
    const other = new URL(url)
    change(other)
    return fetch(other)
  }
  expect((await fetch(url)).status).toBe(200)
  expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(404)
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(405)
  for (const name of ['user', 'expires', 'signature'])
    expect((await changed(({ searchParams }) => searchParams.delete(name))).status).toBe(404)
  expect((await changed(({ searchParams }) => searchParams.set('expires', '9999999999'))).status).toBe(404)
  const eve = await uploaded(await app.user('eve'), 'dot.png', png, 'image/png')
  expect((await changed((it) => (it.pathname = `/attachments/${eve.id}`))).status).toBe(404)
  expect((await app.user('eve')).name).toBe('eve')
  const anonymous = await fetch(`${app.url}/attachments`, { method: 'POST', body: new FormData() })
  expect(anonymous.status).toBe(401)
})

test('files of others, files that were sent and too many files are refused, with nothing stored', async () => {
  const [ada, eve] = [await app.user('ada'), await app.user('eve')]
  const theirs = await uploaded(eve, 'a.txt', 'x', 'text/plain')
  const ours = await uploaded(ada, 'a.txt', 'x', 'text/plain')
  const status = async (ids: string[]) => (await ada.chatkit(withFiles('hi', ids))).status
  expect(await status([theirs.id])).toBe(404)
  expect(await status([ours.id, theirs.id])).toBe(404)
  expect(await status(['att_x'])).toBe(404)
  expect((await ada.chatkit({ type: 'attachments.delete', params: { attachment_id: theirs.id } })).status).toBe(404)
  expect((await chatkitOf(ada).threads()).data).toEqual([])
  provider.plays(says('ok'))
  const { thread } = await sends(ada, 'hi', [ours.id])
  expect((await ada.chatkit(withFiles('again', [ours.id], thread))).status).toBe(404)
  const length = attachmentsPerMessage + 1
  const files = await Promise.all(Array.from({ length }, (_, n) => uploaded(ada, `${n}.txt`, 'x', 'text/plain')))
  const [last, ...most] = files.map(({ id }) => id)
  expect(await status([...most, last ?? ''])).toBe(400)
  provider.plays(says('ok'))
  expect((await sends(ada, 'all', most, thread)).item.attachments).toHaveLength(attachmentsPerMessage)
})

test('so many files wait to be sent, also when they come at once; one that is removed makes room', async () => {
  const ada = await app.user('ada')
  const answers = await Promise.all(Array.from({ length: 15 }, (_, n) => uploads(ada, `${n}.txt`, 'x', 'text/plain')))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(12).fill(201), ...Array(3).fill(429)])
  const refused = await answers.find(({ status }) => status === 429)?.json()
  expect(refused).toMatchObject({
    error: { code: 'RATE_LIMITED', limitName: 'attachmentDrafts', limit: 12, actual: 13 },
  })
  const more = { name: 'a.txt', size: 1, mime_type: 'text/plain' }
  expect((await announces(ada, more)).status).toBe(429)
  const draft: AttachmentItem | undefined = await answers.find(({ status }) => status === 201)?.json()
  await chatkitOf(ada).ask('attachments.delete', { attachment_id: draft?.id })
  expect([(await announces(ada, more)).status, (await announces(ada, more)).status]).toEqual([200, 429])
})

test('so many bytes of files are shown to the model; of those before them it is told the names', async () => {
  const ada = await app.user('ada')
  const half = limits.attachmentHistoryBytes / 2
  for (const [bytes, isShown] of [
    [half, true],
    [half + 1, false],
  ] as const) {
    provider.plays(says('One.'), says('Two.'))
    const old = await uploaded(ada, 'old.txt', 'o'.repeat(bytes), 'text/plain')
    const { thread } = await sends(ada, 'Read it', [old.id])
    const young = await uploaded(ada, 'young.txt', 'y'.repeat(half), 'text/plain')
    await sends(ada, 'And this', [young.id], thread)
    const asked = JSON.stringify(provider.requests.at(-1)?.transcript)
    expect(asked.includes('y'.repeat(half))).toBe(true)
    expect([asked.includes('o'.repeat(bytes)), asked.includes('old.txt')]).toEqual([isShown, true])
    expect(asked.includes('not shown again')).toBe(!isShown)
  }
})

test('a draft is removed by its owner, or after a day', async () => {
  const ada = await app.user('ada')
  const named = (name: string) => uploaded(ada, name, 'x', 'text/plain')
  const [first, old, young] = [await named('first.txt'), await named('old.txt'), await named('young.txt')]
  expect(await chatkitOf(ada).ask('attachments.delete', { attachment_id: first.id })).toEqual({})
  expect((await ada.chatkit({ type: 'attachments.delete', params: { attachment_id: first.id } })).status).toBe(404)
  for (const [{ id }, hours] of [
    [old, attachmentDraftHours + 0.1],
    [young, attachmentDraftHours - 0.1],
  ] as const)
    await app.database.units
      .asSystem()
      .execute(`update attachment set created_at = now() - ? * interval '1 hour' where id = ?`, [
        hours,
        internalId('att', id),
      ])
  await sweepOld(app.database.units, app.config.limits, new AbortController().signal)
  expect((await ada.chatkit(withFiles('hi', [old.id]))).status).toBe(404)
  provider.plays(says('ok'))
  expect((await sends(ada, 'hi', [young.id])).item.attachments).toHaveLength(1)
})
