import { expect, test } from 'vitest'
import { destination } from '../../web/app/session.server.ts'

const at = 'https://parley.test'

const leadsTo = (to: string) => destination(new Request(`${at}/sign-in?to=${encodeURIComponent(to)}`))

test.each([
  '/',
  '/dashboard/settings',
  '/dashboard/chat/conv_01h455vb4pex5vsknk084sn02q?message=3#end',
  '/dashboard?to=https://evil.example/',
  '/dashboard?words=a%20b%26c',
  '/@evil.example',
])('who signs in goes on to %s', (to) => {
  expect(leadsTo(to)).toBe(to)
})

test('who asked for nothing goes to the dashboard', () => {
  expect(destination(new Request(`${at}/sign-in`))).toBe('/dashboard')
})

const hostile = [
  'https://evil.example/',
  '//evil.example/',
  '///evil.example/',
  '/\\evil.example/',
  '\\\\evil.example/',
  '/\t/evil.example/',
  '/\n/evil.example/',
  '/\r\n/evil.example/',
  '/\t\\evil.example/',
  '\t//evil.example/',
  ' //evil.example/',
  '/.//evil.example/',
  '/./\\evil.example/',
  '/a/..//evil.example/',
  '/%2e//evil.example/',
  '/\t.//evil.example/',
  '//[evil',
  'javascript:alert(1)',
  'data:text/html,x',
  '\0//evil.example/',
]

test.each(hostile)('no link leads away by %j', (to) => {
  const path = leadsTo(to)
  expect(new URL(path, at).origin).toBe(at)
  expect(path).toBe('/dashboard')
})

test.each(['/%2f/evil.example/', '/%5cevil.example/', '/%09/evil.example/'])(
  'what is only written like one, %s, stays ours',
  (to) => {
    expect(new URL(leadsTo(to), at).origin).toBe(at)
    // Written out twice it is read once.
    expect(new URL(leadsTo(encodeURIComponent(to)), at).origin).toBe(at)
  },
)
