import { serverAudits } from 'graphql-http'
import { describe, expect, test } from 'vitest'
import { door } from './support/graphql-door.ts'

/** The audits of the GraphQL-over-HTTP draft, by its authors; as someone who has a credential. */
const serve = door()
const fetchFn = (url: string, init: RequestInit = {}) => {
  const headers = { ...Object.fromEntries(new Headers(init.headers)), authorization: 'Bearer good' }
  return serve(new Request(url, { ...init, headers }))
}

const audits = serverAudits({ url: 'http://localhost:3000/graphql', fetchFn })

describe('GraphQL over HTTP', () => {
  test('has its audits', () => {
    expect(audits.length).toBeGreaterThan(40)
  })

  test.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_, audit) => {
    const result = await audit.fn()
    expect(result.status, 'reason' in result ? result.reason : '').toBe('ok')
  })
})
