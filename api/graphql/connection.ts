import type { Page } from '../page.ts'

/** A page as a Relay connection. The count is a function: it costs a query that nobody runs unless it is asked for. */
export function connection<T>(page: Page<T>, countAll: () => Promise<number>) {
  const edges = page.nodes.map((node) => ({ cursor: page.cursorOf(node), node }))
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    countAll,
  }
}

/** Of something that went a moment ago. */
export const emptyPage = { nodes: [], hasNextPage: false, hasPreviousPage: false, cursorOf: () => '' }
