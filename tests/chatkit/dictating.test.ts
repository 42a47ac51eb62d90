import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test, vi } from 'vitest'
import { startApp } from '../support/app.ts'
import { cleanUp } from '../support/cleaning.ts'
import { chatkitOf } from './chat.ts'

/** Plays the provider's transcription, and keeps what it was sent. */
async function listener(status = 200) {
  const heard: { path: string | undefined; body: string }[] = []
  const server = createServer(async (request: IncomingMessage, answer) => {
    heard.push({ path: request.url, body: (await buffer(request)).toString('latin1') })
    answer.writeHead(status, { 'content-type': 'application/json' })
    answer.end(JSON.stringify(status === 200 ? { text: 'buy oat milk' } : { error: { message: 'played' } }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, heard }
}

const webm = Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), Buffer.alloc(100, 7)])
const spoken = { audio_base64: webm.toString('base64'), mime_type: 'audio/webm;codecs=opus' }
type Refused = { error?: { limitName: string } }

const model = { PARLEY_TRANSCRIPTION_MODEL: 'whisper' }

test('what was said comes back as text', async () => {
  const provider = await listener()
  const app = await startApp({ provider, env: model })
  const chat = chatkitOf(await app.user('ada'))
  expect(await chat.ask('input.transcribe', spoken)).toEqual({ text: 'buy oat milk' })
  expect(provider.heard[0]?.path).toBe('/v1/audio/transcriptions')
  expect(provider.heard[0]?.body).toMatch(/name="model"\r\n\r\nwhisper\r\n/)
  expect(provider.heard[0]?.body).toContain(webm.toString('latin1'))
})

test.each([
  ['no base64', { ...spoken, audio_base64: '%%%' }],
  ['nothing', { ...spoken, audio_base64: '' }],
  ['no recording', { ...spoken, audio_base64: Buffer.from('MZ program').toString('base64') }],
  ['a recording of another kind', { ...spoken, mime_type: 'audio/ogg' }],
])('%s is refused before the model hears it', async (_, params) => {
  const provider = await listener()
  const app = await startApp({ provider, env: model })
  const answer = await (await app.user('ada')).chatkit({ type: 'input.transcribe', params })
  expect(answer.status).toBe(400)
  expect(provider.heard).toEqual([])
})

test('a recording has a limit of its own, above the one of other bodies', async () => {
  const provider = await listener()
  const app = await startApp({ provider, env: model, limits: { recordingBytes: 100_000, bodyBytes: 1_000 } })
  const ada = await app.user('ada')
  const says = async (bytes: number, more: object = {}) => {
    const audio_base64 = Buffer.concat([webm.subarray(0, 4), Buffer.alloc(bytes - 4)]).toString('base64')
    const answer = await ada.chatkit({ type: 'input.transcribe', params: { ...spoken, audio_base64 }, ...more })
    const { error } = (await answer.json()) as Refused
    return [answer.status, error?.limitName]
  }
  expect(await says(100_000)).toEqual([200, undefined])
  expect(await says(100_001)).toEqual([413, 'recordingBytes'])
  expect(await says(200_000)).toEqual([413, 'recordingBytes'])
  expect(provider.heard).toHaveLength(1)
  // Nothing else may be that large, nor call itself a recording afterwards.
  const filler = 'x'.repeat(50_000)
  for (const body of [
    { type: 'threads.list', params: { filler } },
    { params: { ...spoken, filler }, type: 'input.transcribe' },
  ]) {
    const answer = await ada.chatkit(body)
    const { error } = (await answer.json()) as Refused
    expect([answer.status, error?.limitName]).toEqual([413, 'bodyBytes'])
  }
})

test('what is dictated counts as a message that is sent, when the model hears it', async () => {
  const provider = await listener()
  const app = await startApp({ provider, env: model, limits: { sendsPerMinute: 2 } })
  const ada = await app.user('ada')
  const says = async (params: object) => {
    const answer = await ada.chatkit({ type: 'input.transcribe', params })
    return [answer.status, ((await answer.json()) as Refused).error?.limitName]
  }
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 60_000) * 60_000 + 1_000 })
  for (let n = 0; n < 3; n++) expect(await says({ ...spoken, audio_base64: '' })).toEqual([400, undefined])
  for (let n = 0; n < 2; n++) expect(await says(spoken)).toEqual([200, undefined])
  expect(await says(spoken)).toEqual([429, 'sendsPerMinute'])
  expect(provider.heard).toHaveLength(2)
  await expect(ada.asks('one more')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
})

afterEach(() => {
  vi.useRealTimers()
})

test('whether people may dictate is told', async () => {
  const asks = async (app: Awaited<ReturnType<typeof startApp>>) =>
    (await (await app.user('ada')).query<{ dictation: boolean }>('{ dictation }')).dictation
  expect(await asks(await startApp())).toBe(false)
  expect(await asks(await startApp({ provider: await listener(), env: model }))).toBe(true)
})

test('without a model for it, or when it fails, that is said', async () => {
  const ada = await (await startApp()).user('ada')
  const refused = await ada.chatkit({ type: 'input.transcribe', params: spoken })
  expect(refused.status).toBe(409)
  expect(await refused.json()).toMatchObject({ error: { message: 'Dictation is not set up on this server.' } })
  const eve = await (await startApp({ provider: await listener(400), env: model })).user('eve')
  const failed = await eve.chatkit({ type: 'input.transcribe', params: spoken })
  expect(failed.status).toBe(503)
})
