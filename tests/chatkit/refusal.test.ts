import { afterEach, describe, expect, test, vi } from 'vitest'
import { scopes } from '../../api/auth/viewer.ts'
import { type ChatkitParts, createChatkitEndpoint } from '../../api/chatkit/endpoint.ts'
import { isRefusedBeforeStream, lostSight, notSent, refusal } from '../../api/chatkit/refusal.ts'
import { wordsFor } from '../../api/chatkit/words.ts'
import { AppError } from '../../api/errors.ts'
import { standardLimits } from '../../api/limits.ts'
import { messageRequest } from './chat.ts'
import { eventFaults } from './conformance.ts'

const log = vi.spyOn(console, 'error').mockImplementation(() => {})
afterEach(() => log.mockClear())

const english = wordsFor(new Headers())

/** As the database says it: with the statement, and with what people wrote. */
const broken = new Error(`insert into "message" failed\nDETAIL: SECRET`, { cause: new Error('SECRET') })

const codes = ['RUN_ACTIVE', 'RATE_LIMITED', 'OVERLOADED', 'DRAINING', 'STORAGE_UNAVAILABLE'] as const

describe('a message that was not taken', () => {
  test.each(codes)('%s can be tried again', (code) => {
    const error = new AppError(code, 'Not now.')
    expect(isRefusedBeforeStream(error)).toBe(false)
    expect(notSent(error, english)).toEqual({ type: 'error', code: 'custom', message: 'Not now.', allow_retry: true })
  })

  test.each(['STORAGE_FULL', 'QUOTA_EXCEEDED'] as const)('%s will be refused again', (code) => {
    expect(notSent(new AppError(code, 'No.'), english)).toMatchObject({ allow_retry: false })
  })

  test.each(['BAD_USER_INPUT', 'NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED'] as const)('%s is no stream', (code) => {
    expect(isRefusedBeforeStream(new AppError(code, 'No.'))).toBe(true)
  })

  test.each([notSent, lostSight])('by our own fault tells nothing of it but the id that is in the log', (told) => {
    const event = told(broken, english)
    expect(isRefusedBeforeStream(broken)).toBe(false)
    const said = log.mock.calls.flat().join()
    const [, id] = /^ChatKit error ([0-9a-f-]{36}): Error: insert into "message" failed\n +at /.exec(said) ?? []
    const message = `Something went wrong on our side. (${id})`
    expect(event).toEqual({ type: 'error', code: 'custom', message, allow_retry: true })
    expect(eventFaults(event)).toEqual([])
    expect(log.mock.calls.flat().join()).not.toContain('SECRET')
  })
})

test('an answer that is lost from sight goes on: there is nothing to try again', () => {
  for (const code of ['DRAINING', 'SESSION_EXPIRED', 'MAX_AGE', 'RESYNC_REQUIRED'] as const)
    expect(lostSight(new AppError(code, 'Resume.'), english)).toEqual({
      type: 'error',
      code: 'custom',
      message: 'The connection was interrupted. The answer goes on: open this chat again to see it.',
      allow_retry: false,
    })
  expect(lostSight(new AppError('NOT_FOUND', 'It is gone.'), english)).toMatchObject({ message: 'It is gone.' })
})

describe('a refusal as JSON', () => {
  test('says when to come again', async () => {
    const response = refusal(new AppError('RATE_LIMITED', 'Too fast.', { limit: 30, retryAfterMs: 1_500 }))
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await response.json()).toEqual({
      error: {
        code: 'RATE_LIMITED',
        message: 'Too fast.',
        limit: 30,
        retryAfterMs: 1_500,
        errorId: expect.any(String),
      },
    })
    expect(log).not.toHaveBeenCalled()
  })

  test('by our own fault names the line of the log', async () => {
    const response = refusal(broken)
    expect(response.status).toBe(500)
    const { error } = (await response.json()) as { error: Record<string, string> }
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on our side.' })
    expect(log.mock.calls.flat().join()).toContain(error.errorId)
  })
})

describe('a credential that may do less', () => {
  const thread = { thread_id: 'conv_01h455vb4pex5vsknk084sn02q' }

  test.each([
    ['conversations:write', messageRequest('hi')],
    ['runs:write', messageRequest('hi')],
    ['conversations:write', messageRequest('hi', { thread: thread.thread_id })],
    ['runs:write', messageRequest('hi', { thread: thread.thread_id })],
    ['conversations:read', { type: 'threads.list', params: {} }],
    ['conversations:read', { type: 'threads.get_by_id', params: thread }],
    ['conversations:read', { type: 'items.list', params: thread }],
    ['conversations:write', { type: 'threads.update', params: { ...thread, title: 'x' } }],
    ['conversations:write', { type: 'threads.delete', params: thread }],
  ] as const)('without %s is refused %j', async (missing, body) => {
    const viewer = { id: 'ada', scopes: scopes.filter((scope) => scope !== missing) }
    // Nothing else is there: who is refused reaches no data.
    const parts = { authenticate: async () => viewer, limits: standardLimits } as Partial<ChatkitParts> as ChatkitParts
    const headers = { 'content-type': 'application/json' }
    const request = new Request('http://localhost/chatkit', { method: 'POST', headers, body: JSON.stringify(body) })
    const response = await createChatkitEndpoint(parts)(request)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'FORBIDDEN', requiredScope: missing } })
  })
})
