import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import { badInput } from '../errors.ts'
import { Conversation } from './conversation.entity.ts'
import { Message } from './message.entity.ts'

/** A place where all the words stand: a message, or the title when there is none. */
export type Found = { conversation: Conversation; message: Message | null; passage: string }

export type Looked = {
  found: Found[]
  /** How many conversations were looked through so far, of how many. */
  looked: number
  total: number
}

const batch = 50
const perConversation = 3
const passageCharacters = 300
const wordsMax = 200

/**
 * Looks for messages and titles that have every one of the words, in any order and case, as parts of words too: through
 * one's conversations from the newest on, a batch at a time, so that whoever reads may stop. Throws BAD_USER_INPUT when
 * there is nothing to look for, or too much.
 */
export async function* searchConversations(
  em: SqlEntityManager,
  viewer: Viewer,
  words: string,
): AsyncGenerator<Looked, void> {
  const wanted = validWords(words)
  const like = wanted.map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`)
  const total = await em.count(Conversation, owned(viewer))
  let last: Conversation | undefined
  for (let looked = 0; looked < total; ) {
    const conversations: Conversation[] = await em.find(
      Conversation,
      { $and: [owned(viewer), last ? before(last) : {}] },
      { orderBy: { updatedAt: 'desc', id: 'desc' }, limit: batch },
    )
    last = conversations.at(-1)
    if (!last) return
    const messages = await saying(em, viewer, conversations, like)
    looked += conversations.length
    const found = conversations.flatMap((it) => foundIn(it, messages.get(it.id) ?? [], wanted))
    yield { found, looked, total: Math.max(total, looked) }
  }
}

/** The messages with all the words, newest first, by conversation. */
async function saying(
  em: SqlEntityManager,
  viewer: Viewer,
  conversations: readonly Conversation[],
  like: readonly string[],
): Promise<Map<string, Message[]>> {
  const messages = await em.find(
    Message,
    {
      $and: [
        { conversationId: { $in: conversations.map(({ id }) => id) }, ...owned(viewer) },
        { supersededAt: null, role: { $ne: 'SYSTEM' } },
        ...like.map((content) => ({ content: { $ilike: content } })),
      ],
    },
    { orderBy: { sequence: 'desc' }, limit: batch * perConversation },
  )
  return Map.groupBy(messages, ({ conversationId }) => conversationId)
}

function before({ updatedAt, id }: Conversation) {
  return { updatedAt: { $lte: updatedAt }, $or: [{ updatedAt: { $lt: updatedAt } }, { id: { $lt: id } }] }
}

function foundIn(conversation: Conversation, messages: readonly Message[], words: readonly string[]): Found[] {
  const said = messages
    .slice(0, perConversation)
    .map((message) => ({ conversation, message, passage: passage(message.content, words) }))
  const title = conversation.title.toLowerCase()
  const inTitle = words.every((word) => title.includes(word.toLowerCase()))
  return said.length === 0 && inTitle ? [{ conversation, message: null, passage: conversation.title }] : said
}

/** The text around the first of the words, cut between characters. */
function passage(text: string, words: readonly string[]): string {
  const low = text.toLowerCase()
  const first = Math.min(...words.map((word) => low.indexOf(word.toLowerCase())).filter((at) => at >= 0), text.length)
  const start = Math.max(0, first - passageCharacters / 3)
  const end = start + passageCharacters
  const piece = text.slice(start, end).toWellFormed().replaceAll('\u{fffd}', '').trim()
  return `${start > 0 ? '…' : ''}${piece}${end < text.length ? '…' : ''}`
}

function validWords(text: string): string[] {
  const words = text.split(/\s+/).filter(Boolean)
  if (words.length === 0) throw badInput(['input', 'words'], 'must not be blank')
  if ([...text].length > wordsMax) throw badInput(['input', 'words'], `must have at most ${wordsMax} characters`)
  if (text.includes('\0') || !text.isWellFormed()) throw badInput(['input', 'words'], 'must be well-formed text')
  return words
}
