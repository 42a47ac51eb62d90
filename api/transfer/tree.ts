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

/**
 * As our conversation: what the other program showed last is valid, other branches are superseded versions before it.
 * A problem instead when one id names two messages: which of them the others answer cannot be told.
 */
export function movedFromTree(tree: Tree): { moved: MovedConversation } | { problem: string } {
  const doubled = doubledId(tree.nodes)
  if (doubled !== null) return { problem: `message ${clean(doubled.slice(0, 100))} is there twice` }
  return { moved: movedFromForest({ ...tree, nodes: withoutCircles(tree.nodes) }) }
}

/** Each message hangs on one or on none, and none on itself: so each is walked over once, and none is missed. */
function movedFromForest(tree: Tree): MovedConversation {
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
      title: [...clean(tree.title.trim().slice(0, 1_000)).trim()].slice(0, 200).join('') || 'New conversation',
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

function doubledId(nodes: readonly TreeNode[]): string | null {
  const taken = new Set<string>()
  for (const { id } of nodes) {
    if (taken.has(id)) return id
    taken.add(id)
  }
  return null
}

/** From a message to the one that it hangs on. A parent that is not there counts as none. */
function upwards(nodes: readonly TreeNode[]): (node: TreeNode) => TreeNode | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  return ({ parent }) => (parent === null ? undefined : byId.get(parent))
}

/** Where messages hang on each other in a circle, the one at which that is noticed begins. */
function withoutCircles(nodes: readonly TreeNode[]): TreeNode[] {
  const above = upwards(nodes)
  const walks = new Map<TreeNode, TreeNode>()
  const first = new Set<TreeNode>()
  for (const start of nodes) {
    if (walks.has(start)) continue
    let node: TreeNode | undefined = start
    // What an earlier walk came by was looked at then.
    for (; node && !walks.has(node); node = above(node)) walks.set(node, start)
    if (node && walks.get(node) === start) first.add(node)
  }
  return nodes.map((node) => (first.has(node) ? { ...node, parent: null } : node))
}

/** By the nearest ancestor that is kept. */
function childrenOf({ nodes }: Tree): Map<string | null, Kept[]> {
  const above = upwards(nodes)
  // Of those that are not kept, so that a long row of them is climbed once.
  const known = new Map<TreeNode, string | null>()
  const keptAbove = (from: TreeNode): string | null => {
    const climbed: TreeNode[] = []
    let node = above(from)
    for (; node && !isKept(node) && !known.has(node); node = above(node)) climbed.push(node)
    const found = node ? (known.get(node) ?? (isKept(node) ? node.id : null)) : null
    for (const it of climbed) known.set(it, found)
    return found
  }
  return Map.groupBy(nodes.filter(isKept), keptAbove)
}

/** The ids from the last message shown up to the beginning. */
function shownPath({ nodes, current }: Tree): Set<string> {
  const above = upwards(nodes)
  const parents = new Set(nodes.map(({ parent }) => parent))
  const leaf = nodes.find(({ id }) => id === current) ?? nodes.findLast(({ id }) => !parents.has(id))
  const path = new Set<string>()
  for (let node = leaf; node; node = above(node)) path.add(node.id)
  return path
}

const lastShown = (siblings: readonly Kept[], shown: ReadonlySet<string>) =>
  siblings.toSorted((a, b) => Number(shown.has(a.id)) - Number(shown.has(b.id)))
