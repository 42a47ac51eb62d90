import type { MovedConversation } from './bundle.ts'
import { type Above, clean, type Said, Saying } from './saying.ts'

/** A message of another program: they keep conversations as trees, in which an edit or a retry is a sibling. */
export type TreeNode = {
  id: string
  parent: string | null
  /** Null for what is not shown: empty instructions, thoughts. Its children hang on what it hangs on. */
  said: Said | null
  time: Date | null
}

export type Tree = {
  origin: string
  title: string
  createdAt: Date
  updatedAt: Date
  archived: boolean
  pinned: boolean
  nodes: readonly TreeNode[]
  /** The last message that the other program showed; null: the newest one. */
  current: string | null
}

/** As our conversation: what the other program showed last is valid, other branches are superseded versions before it. */
export function movedFromTree(tree: Tree): MovedConversation {
  const { origin, createdAt, updatedAt } = tree
  const shown = shownPath(tree)
  const saying = new Saying(origin.split(':')[0] ?? '', createdAt)
  // No recursion: a conversation of ten thousand messages is that deep.
  const todo: { siblings: Kept[]; at: number; before: Map<string, number>; superseded: Date | null; above: Above }[] =
    []
  const push = (siblings: Kept[], superseded: Date | null, above: Above) =>
    todo.push({ siblings: lastShown(siblings, shown), at: 0, before: new Map(), superseded, above })
  const children = childrenOf(tree)
  push(children.get(null) ?? [], null, { user: null, run: null })
  for (let level = todo.at(-1); level; level = todo.at(-1)) {
    const node = level.siblings[level.at++]
    if (!node) {
      todo.pop()
      continue
    }
    const { role } = node.said
    const superseded = level.superseded ?? (shown.has(node.id) ? null : (level.siblings.at(-1)?.time ?? updatedAt))
    const said = saying.say(node, level.before.get(role) ?? null, superseded, level.above)
    level.before.set(role, said.sequence)
    push(children.get(node.id) ?? [], superseded, said.above)
  }
  return {
    conversation: {
      type: 'conversation',
      id: clean(origin).slice(0, 200),
      title: [...clean(tree.title).trim()].slice(0, 200).join('') || 'New conversation',
      titledBy: 'model',
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
      archivedAt: tree.archived ? updatedAt.toISOString() : null,
      pinnedAt: tree.pinned ? updatedAt.toISOString() : null,
    },
    ...saying.all,
  }
}

type Kept = TreeNode & { said: Said }

const isKept = (node: TreeNode): node is Kept => node.said !== null

/** By the nearest ancestor that is kept. A parent that is not there, or a circle, counts as none. */
function childrenOf({ nodes }: Tree): Map<string | null, Kept[]> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const keptAbove = (node: TreeNode): string | null => {
    const seen = new Set([node.id])
    for (let above = node.parent === null ? undefined : byId.get(node.parent); above; ) {
      if (seen.has(above.id)) return null
      seen.add(above.id)
      if (isKept(above)) return above.id
      above = above.parent === null ? undefined : byId.get(above.parent)
    }
    return null
  }
  return Map.groupBy(nodes.filter(isKept), keptAbove)
}

/** The ids from the last message shown up to the beginning. */
function shownPath({ nodes, current }: Tree): Set<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Set(nodes.map(({ parent }) => parent))
  const leaf = (current !== null && byId.get(current)) || nodes.findLast(({ id }) => !parents.has(id))
  const path = new Set<string>()
  for (let node = leaf; node && !path.has(node.id); node = node.parent === null ? undefined : byId.get(node.parent))
    path.add(node.id)
  return path
}

const lastShown = (siblings: readonly Kept[], shown: ReadonlySet<string>) =>
  siblings.toSorted((a, b) => Number(shown.has(a.id)) - Number(shown.has(b.id)))
