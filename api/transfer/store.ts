import type { SqlEntityManager } from '@mikro-orm/sql'
import { v7 } from 'uuid'
import { owned, type Viewer } from '../auth/viewer.ts'
import { Attachment } from '../conversations/attachment.entity.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { Message } from '../conversations/message.entity.ts'
import { internalId } from '../ids.ts'
import { Run } from '../runs/run.entity.ts'
import { ToolCall } from '../runs/tool-call.entity.ts'
import type { BundleAttachment, BundleMessage, BundleRun, BundleToolCall, MovedConversation } from './bundle.ts'

/**
 * Stores a conversation in one transaction, whole or not at all. Null when the viewer has it already: as one that began
 * here, or from an earlier import. Ids are new, since others may have imported the same.
 */
export async function storeConversation(
  em: SqlEntityManager,
  viewer: Viewer,
  moved: MovedConversation,
): Promise<Conversation | null> {
  return em.transactional(async (em) => {
    const { id: origin } = moved.conversation
    const own = internalId('conv', origin)
    const known = await em.count(Conversation, {
      $and: [owned(viewer), { $or: [{ origin }, ...(own ? [{ id: own }] : [])] }],
    })
    if (known > 0) return null
    return new Storing(em, viewer, moved).conversation()
  })
}

class Storing {
  readonly #em: SqlEntityManager
  readonly #viewer: Viewer
  readonly #moved: MovedConversation
  readonly #conversationId = v7()
  readonly #messageIds: Map<number, string>
  readonly #runIds: Map<number, string>

  constructor(em: SqlEntityManager, viewer: Viewer, moved: MovedConversation) {
    this.#em = em
    this.#viewer = viewer
    this.#moved = moved
    this.#messageIds = new Map(moved.messages.map(({ sequence }) => [sequence, v7()]))
    this.#runIds = new Map(moved.runs.map(({ run }) => [run, v7()]))
  }

  async conversation(): Promise<Conversation> {
    const { id: origin, type: _, title, titledBy, ...times } = this.#moved.conversation
    // Numbers may have gaps: what is counted goes on behind the highest, wherever it stands.
    const lastRun = highest(this.#moved.runs, ({ run }) => run)
    const lastMessage = highest(this.#moved.messages, ({ sequence }) => sequence)
    const conversation = this.#em.create(Conversation, {
      id: this.#conversationId,
      userId: this.#viewer.id,
      origin,
      title,
      titledBy,
      createdAt: new Date(times.createdAt),
      updatedAt: new Date(times.updatedAt),
      archivedAt: dateOf(times.archivedAt),
      pinnedAt: dateOf(times.pinnedAt),
      lastSequence: lastMessage?.sequence ?? 0,
      lastRunNumber: lastRun?.run ?? 0,
      // Behind the logs that are not here: from there on readers can follow.
      logRun: lastRun?.run ?? 0,
      logAttempt: lastRun?.attempt ?? 0,
    })
    await this.#each(this.#moved.runs, 200, (it) => this.#run(it))
    await this.#each(this.#moved.messages, 200, (it) => this.#message(it))
    const files = [...Map.groupBy(this.#moved.attachments, ({ message }) => message).values()]
    await this.#each(files, 5, (it) => this.#attachments(it))
    return conversation
  }

  /** So many at a time: with a hundred thousand at once nobody else would be served, and memory would run out. */
  async #each<T>(all: readonly T[], atOnce: number, create: (it: T) => void): Promise<void> {
    for (let at = 0; at === 0 || at < all.length; at += atOnce) {
      all.slice(at, at + atOnce).forEach(create)
      await this.#em.flush()
      this.#em.clear()
    }
  }

  /** Its log is gone: what it said is in the messages. */
  #run({ run, message, error, usage, ...it }: BundleRun): void {
    this.#em.create(Run, {
      id: this.#runIds.get(run) ?? v7(),
      userId: this.#viewer.id,
      conversationId: this.#conversationId,
      messageId: this.#messageIds.get(message) ?? '',
      number: run,
      status: it.status,
      attempt: it.attempt,
      model: it.model,
      usage: usage as never,
      failure: error as never,
      createdAt: new Date(it.createdAt),
      startedAt: dateOf(it.startedAt),
      finishedAt: dateOf(it.finishedAt),
      logSweptAt: new Date(),
    })
  }

  #message({ sequence, replaces, run, toolCalls, ...it }: BundleMessage): void {
    const id = this.#messageIds.get(sequence) ?? v7()
    const runId = (run && this.#runIds.get(run)) || null
    this.#em.create(Message, {
      id,
      userId: this.#viewer.id,
      conversationId: this.#conversationId,
      runId,
      sequence,
      role: it.role,
      content: it.content,
      status: it.status,
      createdAt: new Date(it.createdAt),
      supersededAt: dateOf(it.supersededAt),
      replacesId: (replaces && this.#messageIds.get(replaces)) || null,
      feedback: it.feedback,
    })
    for (const [position, call] of toolCalls.entries())
      this.#toolCall(call, { runId: runId ?? '', messageId: id, position })
  }

  #toolCall(
    { arguments: argumentsText, startedAt, finishedAt, result, resultParts, ...call }: BundleToolCall,
    place: { runId: string; messageId: string; position: number },
  ): void {
    this.#em.create(ToolCall, {
      ...call,
      ...place,
      userId: this.#viewer.id,
      conversationId: this.#conversationId,
      argumentsText,
      result: result as never,
      resultParts: resultParts?.map(({ image: _, ...part }) => part) ?? null,
      resultImages: resultParts?.map(({ image }) => image) ?? null,
      startedAt: dateOf(startedAt),
      finishedAt: dateOf(finishedAt),
    })
  }

  /** Those of one message. */
  #attachments(files: readonly BundleAttachment[]): void {
    for (const [position, { message, name, mediaType, data, createdAt, uploadedAt }] of files.entries()) {
      const bytes = Buffer.from(data, 'base64')
      this.#em.create(Attachment, {
        userId: this.#viewer.id,
        messageId: this.#messageIds.get(message) ?? '',
        position,
        name,
        mediaType,
        size: bytes.length,
        bytes,
        createdAt: new Date(createdAt),
        uploadedAt: new Date(uploadedAt),
      })
    }
  }
}

function highest<T>(all: readonly T[], numberOf: (it: T) => number): T | null {
  return all.reduce<T | null>((found, it) => (found && numberOf(found) > numberOf(it) ? found : it), null)
}

const dateOf = (time: string | null) => (time === null ? null : new Date(time))
