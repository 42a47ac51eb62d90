import { setTimeout } from 'node:timers/promises'

type Page<T> = { edges: { node: T }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }
type Query = <T>(document: string, variables?: Record<string, unknown>) => Promise<T>

/** Reads everything of one person as programs do, and prints how long things take. Throws when a row is missing or twice. */
export async function readHistory(
  url: string,
  cookie: string,
  { database, messages }: { database: string; messages: number },
): Promise<void> {
  const query: Query = async (document, variables) => {
    const headers = { 'content-type': 'application/json', cookie, origin: url }
    const body = JSON.stringify({ query: document, variables })
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body })
    const answer: { data?: unknown; errors?: unknown } = await response.json()
    if (answer.errors || !answer.data) throw new Error(JSON.stringify(answer.errors))
    return answer.data as never
  }
  const tell = (name: string, figure: string) => console.log(`| ${name} | ${database} | ${figure} |`)
  const others = new Set<string>()
  for (const direction of ['forwards', 'backwards'] as const) {
    const before = others.size
    const endWriting = write(query, others)
    const { seconds, pages, ids, deep } = await walk(query, direction)
    await endWriting()
    const seeded = ids.size - [...others].filter((id) => ids.has(id)).length
    if (seeded !== messages) throw new Error(`${seeded} of ${messages} messages were seen`)
    tell(
      `${messages} messages, page by page ${direction}, while others write`,
      `every one once, ${seconds} s for ${pages} pages, ${others.size - before} messages came meanwhile`,
    )
    if (direction === 'forwards') {
      tell('first page of conversations', await timed(() => query(list, {})))
      tell('page behind nine tenths of them', await timed(() => query(list, { after: deep.list })))
      tell('newest 20 messages of a conversation', await timed(() => query(history, { id: deep.conversation })))
    }
  }
  for (const words of ['zebrafinch nightingale', 'zebrafinhc nightingale', 'zebrafinch nigthingale']) {
    const found = await query<{ searchMessages: { totalCount: number } }>(search, { words })
    if (found.searchMessages.totalCount !== Math.floor(messages / 10_000))
      throw new Error(`${words}: ${found.searchMessages.totalCount}`)
    tell(`search: ${words}`, await timed(() => query(search, { words })))
  }
  tell('search: two words that many messages have', await timed(() => query(search, { words: 'river garden' }), 5))
}

const list = `query ($after: String) { conversations(first: 20, after: $after) {
  edges { node { id title updatedAt } } pageInfo { hasNextPage endCursor } } }`
const history = `query ($id: ID!) { conversation(id: $id) { title messages(last: 20) {
  edges { node { id content toolCalls { id } } } pageInfo { hasPreviousPage } } } }`
const search = `query ($words: String!) { searchMessages(query: $words, first: 20) {
  totalCount edges { snippet node { id conversation { title } } } } }`

const fields = `edges { node { id messages(first: 20) { edges { node { id } } pageInfo { hasNextPage } } } }`
const walks = {
  forwards: `query ($at: String) { conversations(first: 45, after: $at) { ${fields} pageInfo { more: hasNextPage at: endCursor } } }`,
  backwards: `query ($at: String) { conversations(last: 45, before: $at) { ${fields} pageInfo { more: hasPreviousPage at: startCursor } } }`,
}

type Walked = {
  conversations: {
    edges: { node: { id: string; messages: Page<{ id: string }> } }[]
    pageInfo: { more: boolean; at: string | null }
  }
}

async function walk(query: Query, direction: keyof typeof walks) {
  const [ids, seenAt, began] = [new Set<string>(), [] as string[], performance.now()]
  let at: string | null = null
  let conversation = ''
  for (let more = true; more; ) {
    const { conversations }: Walked = await query<Walked>(walks[direction], { at })
    for (const { node } of conversations.edges) {
      if (node.messages.pageInfo.hasNextPage) throw new Error('A conversation is longer than it was made')
      conversation = node.id
      for (const message of node.messages.edges) {
        if (ids.has(message.node.id)) throw new Error(`${message.node.id} came twice`)
        ids.add(message.node.id)
      }
    }
    more = conversations.pageInfo.more
    at = conversations.pageInfo.at
    if (at !== null) seenAt.push(at)
  }
  const deep = { list: seenAt[Math.floor(seenAt.length * 0.9)] ?? null, conversation }
  return { ids, deep, pages: seenAt.length, seconds: Math.round((performance.now() - began) / 1_000) }
}

/** Someone who goes on talking, and notes what was said, until the function that is given back is called. */
function write(query: Query, messages: Set<string>): () => Promise<void> {
  const done = new AbortController()
  const working = (async () => {
    while (!done.signal.aborted) {
      const { sendMessage } = await query<{ sendMessage: { message: { id: string }; run: { id: string } } }>(
        'mutation { sendMessage(input: { content: "Hello" }) { message { id } run { id } } }',
      )
      messages.add(sendMessage.message.id)
      for (let made: { id: string }[] = []; made.length === 0; ) {
        await setTimeout(100)
        const { node } = await query<{ node: { finishedAt: string | null; messages: { id: string }[] } }>(
          'query ($id: ID!) { node(id: $id) { ... on Run { finishedAt messages { id } } } }',
          { id: sendMessage.run.id },
        )
        for (const { id } of node.messages) messages.add(id)
        if (node.finishedAt) made = node.messages.length > 0 ? node.messages : [{ id: '' }]
      }
    }
  })()
  working.catch(() => done.abort()) // told at the end
  return () => {
    done.abort()
    return working
  }
}

/** Half of so many requests are answered within the first figure, 19 of 20 within the second. */
async function timed(work: () => Promise<unknown>, times = 40): Promise<string> {
  const taken: number[] = []
  for (let time = 0; time < times; time++) {
    const before = performance.now()
    await work()
    taken.push(performance.now() - before)
  }
  taken.sort((a, b) => a - b)
  const share = (part: number) => `${(taken[Math.ceil(times * part) - 1] ?? 0).toFixed(1)} ms`
  return `${share(0.5)} / ${share(0.95)}`
}
