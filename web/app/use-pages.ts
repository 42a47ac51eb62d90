import { useState } from 'react'
import { sentenceOf } from './failure.ts'

type PageInfo = { hasNextPage: boolean; endCursor: string | null }
type Page<Edge> = { edges: Edge[]; pageInfo: PageInfo }

/** A list whose first page was read with the page, and the way to the next ones. */
export function usePages<Edge>(first: Page<Edge>, read: (after: string) => Promise<Page<Edge> | null>) {
  const [behind, setBehind] = useState<{ of: Page<Edge>; edges: Edge[]; last: PageInfo }>(startOf(first))
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  // The first page was read anew: what came behind it has to be asked for again.
  if (behind.of !== first) setBehind(startOf(first))
  const { hasNextPage, endCursor } = behind.last
  const more = async () => {
    setBusy(true)
    setFailure(null)
    try {
      const page = await read(endCursor ?? '')
      if (page)
        setBehind((now) =>
          now.of === first ? { of: first, edges: [...now.edges, ...page.edges], last: page.pageInfo } : now,
        )
    } catch (error) {
      setFailure(sentenceOf(error))
    }
    setBusy(false)
  }
  return { edges: [...first.edges, ...behind.edges], more: hasNextPage ? more : null, busy, failure }
}

const startOf = <Edge>(first: Page<Edge>) => ({ of: first, edges: [], last: first.pageInfo })
