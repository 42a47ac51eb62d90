import { expect, test } from 'vitest'
import { secure } from '../../web/security-headers.ts'

test('dictation may hear: the microphone is for our page and for the one frame that it may hold, nothing else is', () => {
  const { headers } = secure(new Response(), 'n')
  const frame = headers.get('content-security-policy')?.match(/frame-src (\S+);/)?.[1]
  expect(frame).toBe('https://cdn.platform.openai.com')
  expect(headers.get('permissions-policy')).toBe(`camera=(), geolocation=(), microphone=(self "${frame}")`)
})
