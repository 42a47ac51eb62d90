type PageInfo = { hasNextPage: boolean; endCursor: string | null }
export type WithNode = { node: { id: string } }
export type Page<Edge> = { edges: Edge[]; pageInfo: PageInfo }

/** The pages that were read behind a first one, and how many there should be. */
export type Behind<Edge> = { of: Page<Edge>; pages: readonly Page<Edge>[]; wanted: number }

export const startOf = <Edge>(first: Page<Edge>): Behind<Edge> => ({ of: first, pages: [], wanted: 0 })

/** Whether something behind this first page has still to be read, or read again. */
export const isMissing = <Edge>({ of, pages, wanted }: Behind<Edge>, first: Page<Edge>): boolean =>
  wanted > pages.length || (pages.length > 0 && of !== first)

/** All that is wanted behind the first page, as far as there is something: what was read behind another one is read again. */
export async function pagesBehind<Edge>(
  { of, pages: known, wanted }: Behind<Edge>,
  first: Page<Edge>,
  read: (after: string) => Promise<Page<Edge> | null>,
): Promise<readonly Page<Edge>[]> {
  const pages = of === first ? [...known] : []
  while (pages.length < wanted) {
    const { hasNextPage, endCursor } = (pages.at(-1) ?? first).pageInfo
    const page = hasNextPage ? await read(endCursor ?? '') : null
    if (!page) break
    pages.push(page)
  }
  return pages
}

/** Each once: what moved up since the pages behind were read stands where it is by now. */
export function listed<Edge extends WithNode>(first: Page<Edge>, behind: readonly Page<Edge>[]): Edge[] {
  const edges = new Map<string, Edge>()
  for (const edge of [first, ...behind].flatMap((page) => page.edges))
    if (!edges.has(edge.node.id)) edges.set(edge.node.id, edge)
  return [...edges.values()]
}
