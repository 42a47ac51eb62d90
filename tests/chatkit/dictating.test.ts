import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
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

test('without a model for it, or when it fails, that is said', async () => {
  const ada = await (await startApp()).user('ada')
  const refused = await ada.chatkit({ type: 'input.transcribe', params: spoken })
  expect(refused.status).toBe(409)
  expect(await refused.json()).toMatchObject({ error: { message: 'Dictation is not set up on this server.' } })
  const eve = await (await startApp({ provider: await listener(400), env: model })).user('eve')
  const failed = await eve.chatkit({ type: 'input.transcribe', params: spoken })
  expect(failed.status).toBe(503)
})
