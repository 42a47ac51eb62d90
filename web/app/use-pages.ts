import { useCallback, useEffect, useRef, useState } from 'react'
import { sentenceOf } from './failure.ts'
import { type Behind, isMissing, listed, type Page, pagesBehind, startOf, type WithNode } from './pages.ts'

/**
 * A list whose first page was read with the page, and the way to the next ones. When the first page is read anew, what is
 * shown behind it stays until it was read again too: `whole` says that all of it belongs together.
 */
export function usePages<Edge extends WithNode>(
  first: Page<Edge>,
  read: (after: string) => Promise<Page<Edge> | null>,
) {
  const [behind, setBehind] = useState<Behind<Edge>>(startOf(first))
  const [failure, setFailure] = useState<{ of: Page<Edge>; sentence: string } | null>(null)
  const reader = useRef(read)
  useEffect(() => {
    reader.current = read
  })
  const failed = failure?.of === first
  const busy = !failed && isMissing(behind, first)
  useEffect(() => {
    if (!busy) return
    let over = false
    pagesBehind(behind, first, (after) => reader.current(after)).then(
      (pages) => over || setBehind({ of: first, pages, wanted: pages.length }),
      (error) => over || setFailure({ of: first, sentence: sentenceOf(error) }),
    )
    return () => {
      over = true
    }
  }, [busy, behind, first])
  const more = useCallback(() => {
    setFailure(null)
    setBehind((now) => ({ ...now, wanted: now.pages.length + 1 }))
  }, [])
  const { hasNextPage } = (behind.pages.at(-1) ?? first).pageInfo
  return {
    edges: listed(first, behind.pages),
    more: hasNextPage || failed ? more : null,
    whole: behind.pages.length === 0 || behind.of === first,
    busy,
    failure: failed ? failure.sentence : null,
  }
}
