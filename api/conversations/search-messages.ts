import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { badInput } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { type PageLimits, pageSize } from '../page.ts'
import { Conversation } from './conversation.entity.ts'
import { type ConversationFilter, listed } from './conversations.ts'
import { meantWords } from './meant-words.ts'
import { Message } from './message.entity.ts'
import { type Place, readCursor, type Way, ways, writeCursor } from './search-cursor.ts'
import { headlines, literalSnippet } from './search-snippets.ts'

/** A message that matches, with the passage that does: what matched stands between U+E000 and U+E001. */
export type MessageFound = { message: Message; snippet: string; cursor: string }

export type MessagesFound = {
  found: MessageFound[]
  hasNextPage: boolean
  /** Whether it is a page behind another. */
  isBehind: boolean
  /** How many match, if not more than 1,000: else null. */
  countAll(): Promise<number | null>
}

/** In which conversations to look; whatever is left out or null makes no difference. */
export type SearchedIn = Pick<ConversationFilter, 'archived' | 'updatedAfter' | 'updatedBefore'>

export type SearchArgs = SearchedIn & { query: string; first?: number | null; after?: string | null }

type Hit = { message_id: string; score: number; titled: boolean }

const countedHits = 1_000
const lookedThrough = 5_000
/** More than the database compares for one query. */
const everyHit = 100_000

/**
 * The viewer's messages whose text, or whose conversation's title, has all the words: as PostgreSQL stems them, best
 * match first. Quotes keep words together, a minus excludes, `or` is or. When nothing matches, words that look like what
 * was written are taken for it; when that finds nothing either, the newest messages that contain the text itself.
 * Throws BAD_USER_INPUT for a blank or too long query and for a cursor of another search.
 */
export async function searchMessages(
  em: SqlEntityManager,
  viewer: Viewer,
  args: SearchArgs,
  limits: PageLimits & Pick<Limits, 'searchCharacters'>,
): Promise<MessagesFound> {
  const text = validQuery(args.query, limits)
  const size = pageSize({ first: args.first }, limits)
  const after = args.after == null ? null : readCursor(args.after, text, limits)
  const asked = new Asked(em, viewer, text, filterOf(args))
  const { way, hits } = after
    ? { way: after.way, hits: await asked.hits(after.way, after, size + 1) }
    : await asked.firstHits(size + 1)
  const shown = hits.slice(0, size)
  const messages = await shownMessages(em, viewer, shown, await asked.query(way), text)
  return {
    found: shown.flatMap((hit) => {
      const it = messages.get(hit.message_id)
      return it ? [{ ...it, cursor: writeCursor({ score: hit.score, id: hit.message_id }, way, text) }] : []
    }),
    hasNextPage: hits.length > size,
    isBehind: after !== null,
    countAll: async () => {
      const { length } = await asked.hits(way, null, countedHits + 1)
      return length > countedHits ? null : length
    },
  }
}

/** One text that someone looks for, in all conversations or in some of them. */
class Asked {
  readonly #em: SqlEntityManager
  readonly #viewer: Viewer
  readonly #text: string
  readonly #filter: ConversationFilter | null
  readonly #queries = new Map<Way, Promise<string | null>>()

  constructor(em: SqlEntityManager, viewer: Viewer, text: string, filter: ConversationFilter | null) {
    this.#em = em
    this.#viewer = viewer
    this.#text = text
    this.#filter = filter
  }

  /** The first way that finds something anywhere: what was meant does not depend on where one looks. */
  async firstHits(most: number): Promise<{ way: Way; hits: Hit[] }> {
    for (const way of ways) {
      const hits = await this.#hitsAnywhere(way, null, this.#filter ? everyHit : most)
      if (hits.length > 0) return { way, hits: await this.#fitting(hits, most) }
    }
    return { way: 'written', hits: [] }
  }

  async hits(way: Way, behind: Place | null, most: number): Promise<Hit[]> {
    return this.#fitting(await this.#hitsAnywhere(way, behind, this.#filter ? everyHit : most), most)
  }

  /** Asked as the viewer, by id: what matches is found as the system, which is to read no more than it has to. */
  async #fitting(hits: readonly Hit[], most: number): Promise<Hit[]> {
    if (!this.#filter) return [...hits]
    const fitting: Hit[] = []
    for (let at = 0; at < hits.length && fitting.length < most; at += lookedUp) {
      const some = hits.slice(at, at + lookedUp)
      const fit = await messagesIn(this.#em, this.#viewer, some, this.#filter)
      fitting.push(...some.filter(({ message_id }) => fit.has(message_id)))
    }
    return fitting.slice(0, most)
  }

  async #hitsAnywhere(way: Way, behind: Place | null, most: number): Promise<Hit[]> {
    if (way === 'text') return hitsOfText(this.#em, this.#viewer, this.#text, behind, most)
    const query = await this.query(way)
    if (!query) return []
    return this.#em.execute<Hit[]>('select * from search_hits(?::tsquery, ?, ?, ?)', [
      query,
      behind?.score ?? null,
      behind?.id ?? null,
      most,
    ])
  }

  /** As PostgreSQL writes it; empty when no word of the text counts, null when it is not asked for words. */
  query(way: Way): Promise<string | null> {
    const query = this.#queries.get(way) ?? this.#ask(way)
    this.#queries.set(way, query)
    return query
  }

  async #ask(way: Way): Promise<string | null> {
    if (way === 'text') return null
    if (way === 'meant') return meantWords(this.#em, this.#viewer, (await this.query('written')) ?? '')
    const sql = `select websearch_to_tsquery('public.parley', ?)::text as query`
    const [row] = await this.#em.execute<{ query: string }[]>(sql, [this.#text])
    return row?.query ?? ''
  }
}

const lookedUp = 1_000

function filterOf({ archived, updatedAfter, updatedBefore }: SearchedIn): ConversationFilter | null {
  const isAny = archived == null && !updatedAfter && !updatedBefore
  return isAny ? null : { archived: archived ?? null, updatedAfter, updatedBefore }
}

/** The ids of those that stand in a conversation that fits. */
async function messagesIn(
  em: SqlEntityManager,
  viewer: Viewer,
  hits: readonly Hit[],
  filter: ConversationFilter,
): Promise<ReadonlySet<string>> {
  const ids = hits.map(({ message_id }) => message_id)
  const messages = await em.find(
    Message,
    { id: { $in: ids }, ...owned(viewer) },
    { fields: ['id', 'conversationId'], disableIdentityMap: true },
  )
  const conversationIds = [...new Set(messages.map(({ conversationId }) => conversationId))]
  const conversations = await em.find(
    Conversation,
    { $and: [{ id: { $in: conversationIds }, ...owned(viewer) }, listed(viewer, filter)] },
    { fields: ['id'], disableIdentityMap: true },
  )
  const fit = new Set(conversations.map(({ id }) => id))
  return new Set(messages.filter((it) => fit.has(it.conversationId)).map(({ id }) => id))
}

/** The last resort is for what has no words: signs, scripts without spaces. Only the newest messages are looked at. */
async function hitsOfText(
  em: SqlEntityManager,
  viewer: Viewer,
  text: string,
  behind: Place | null,
  most: number,
): Promise<Hit[]> {
  const mine = owned(viewer)
  const [oldest] = await em.find(Message, mine, {
    orderBy: { id: 'desc' },
    offset: lookedThrough,
    limit: 1,
    fields: ['id'],
  })
  const found = await em.find(
    Message,
    {
      $and: [
        { ...mine, supersededAt: null, status: { $ne: 'STREAMING' } },
        { content: { $ilike: `%${text.replace(/[\\%_]/g, '\\$&')}%` } },
        oldest ? { id: { $gt: oldest.id } } : {},
        behind ? { id: { $lt: behind.id } } : {},
      ],
    },
    { orderBy: { id: 'desc' }, limit: most, fields: ['id'] },
  )
  return found.map(({ id }) => ({ message_id: id, score: 0, titled: false }))
}

/** Read as the viewer. A message that went a moment ago is missing. */
async function shownMessages(
  em: SqlEntityManager,
  viewer: Viewer,
  hits: readonly Hit[],
  query: string | null,
  text: string,
): Promise<Map<string, { message: Message; snippet: string }>> {
  if (hits.length === 0) return new Map()
  const ids = hits.map(({ message_id }) => message_id)
  const titled = hits.filter((it) => it.titled).map(({ message_id }) => message_id)
  const messages = await em.find(Message, { id: { $in: ids }, ...owned(viewer) })
  const snippets = query === null ? new Map<string, string>() : await headlines(em, viewer, ids, titled, query)
  return new Map(
    messages.map((message) => [
      message.id,
      { message, snippet: snippets.get(message.id) ?? literalSnippet(message.content, text) },
    ]),
  )
}

function validQuery(query: string, { searchCharacters }: Pick<Limits, 'searchCharacters'>): string {
  const text = query.trim()
  if (text === '') throw badInput(['query'], 'must not be blank')
  if ([...query].length > searchCharacters)
    throw badInput(['query'], `must have at most ${searchCharacters} characters`)
  if (query.includes('\0') || !query.isWellFormed()) throw badInput(['query'], 'must be well-formed text')
  return text
}
