import { expect, test } from 'vitest'
import { type Behind, isMissing, listed, type Page, pagesBehind, startOf } from '../../web/app/pages.ts'

type Edge = { node: { id: string } }

/** A page of these ids, after which there is another one unless it is the last. */
const page = (ids: string, last = false): Page<Edge> => ({
  edges: [...ids].map((id) => ({ node: { id } })),
  pageInfo: { hasNextPage: !last, endCursor: ids.at(-1) ?? null },
})
const idsOf = (edges: readonly Edge[]) => edges.map(({ node }) => node.id).join('')

/** Reads two at a time from a list, and keeps where it was asked to go on. */
function reading(list: string) {
  const asked: string[] = []
  const read = async (after: string) => {
    asked.push(after)
    const at = list.indexOf(after) + 1
    return page(list.slice(at, at + 2), at + 2 >= list.length)
  }
  return { asked, read }
}

test('the next page goes on behind the last one', async () => {
  const first = page('ab')
  const behind: Behind<Edge> = { of: first, pages: [page('cd')], wanted: 2 }
  const { asked, read } = reading('abcdef')
  expect(isMissing(behind, first)).toBe(true)
  expect(idsOf(listed(first, await pagesBehind(behind, first, read)))).toBe('abcdef')
  expect(asked).toEqual(['d'])
})

test('a first page that is read anew has as many pages behind it read again as were shown, from its own end on', async () => {
  const behind: Behind<Edge> = { of: page('ab'), pages: [page('cd'), page('ef')], wanted: 2 }
  const first = page('xa')
  const { asked, read } = reading('xabcdefgh')
  expect(isMissing(behind, first)).toBe(true)
  // Until then all of it stays, each once.
  expect(idsOf(listed(page('xc'), behind.pages))).toBe('xcdef')
  expect(idsOf(listed(first, await pagesBehind(behind, first, read)))).toBe('xabcde')
  expect(asked).toEqual(['a', 'c'])
})

test('a list that became shorter ends where it ends', async () => {
  const behind: Behind<Edge> = { of: page('ab'), pages: [page('cd'), page('ef', true)], wanted: 2 }
  const { asked, read } = reading('abc')
  const first = page('ab')
  const pages = await pagesBehind(behind, first, read)
  expect(idsOf(listed(first, pages))).toBe('abc')
  expect(asked).toEqual(['b'])
  expect(isMissing({ of: first, pages, wanted: pages.length }, first)).toBe(false)
})

test('nothing is read behind a first page as long as nobody asked', () => {
  expect(isMissing(startOf(page('ab')), page('ab'))).toBe(false)
})
