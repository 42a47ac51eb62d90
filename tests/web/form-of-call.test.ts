import { expect, test } from 'vitest'
import { formOf } from '../../web/app/components/form-of-call.ts'
import type { ChatToolCall } from '../../web/app/conversation-state.ts'

const call = {
  ...{ id: 'call_1', server: 'page', name: 'ask_person', title: null, subject: null, status: 'SUCCEEDED' },
  ...{ startedAt: null, finishedAt: null },
  ...{ resultTruncated: false, resultParts: [], denialReason: null, error: null, progress: null },
  arguments: { questions: [{ question: 'Which milk?', options: ['oat', 'soy'] }, { question: 'Why?' }] },
  result: {
    status: 'answered',
    answers: [
      { question: 'Which milk?', values: ['oat', 'soy'], skipped: false },
      { question: 'Why?', values: [], skipped: true },
    ],
  },
} as unknown as ChatToolCall

test('a form is read with what was said to it', () => {
  expect(formOf(call)).toEqual([
    { question: 'Which milk?', options: ['oat', 'soy'], values: ['oat', 'soy'] },
    { question: 'Why?', options: [], values: null },
  ])
})

test('one that waits has no answers; what is no form, or nonsense, is none', () => {
  expect(formOf({ ...call, status: 'PENDING', result: null })?.map(({ values }) => values)).toEqual([null, null])
  expect(formOf({ ...call, server: 'tasks' })).toBeNull()
  expect(formOf({ ...call, arguments: 'no JSON', result: 7 })).toEqual([])
})
