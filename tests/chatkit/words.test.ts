import { expect, test } from 'vitest'
import { wordsFor } from '../../api/chatkit/words.ts'
import type { RunFailureCode } from '../../api/runs/run-failure.ts'
import { messages } from '../../web/app/messages/de.ts'

test('why an answer failed is said in the same German words in ChatKit and in the panel', () => {
  const { MODEL_USED_UP: usedUp, ...sentences } = messages.chat.runErrors
  const german = wordsFor(new Headers({ 'accept-language': 'de' }))
  const said = (code: RunFailureCode, retryable = true) => german.failure({ code, message: 'English', retryable })
  const codes = Object.keys(sentences) as (keyof typeof sentences)[]
  expect(Object.fromEntries(codes.map((code) => [code, said(code)]))).toEqual(sentences)
  expect(said('MODEL_RATE_LIMITED', false)).toBe(usedUp)
})
