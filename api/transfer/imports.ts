import type { SqlEntityManager } from '@mikro-orm/sql'
import { validate as isUuid } from 'uuid'
import type { Units } from '../auth/units.ts'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import type { Conversation } from '../conversations/conversation.entity.ts'
import { ringConversation } from '../conversations/conversations.ts'
import { AppError } from '../errors.ts'
import { publicId } from '../ids.ts'
import type { Limits } from '../limits.ts'
import { isAway, noteAway } from '../outage.ts'
import type { MovedConversation } from './bundle.ts'
import { formatOf, readForeign } from './foreign.ts'
import { type ImportEntry, ImportJob } from './import-job.entity.ts'
import { type ReadConversation, readBundle } from './read-bundle.ts'
import { clean } from './saying.ts'
import { storeConversation } from './store.ts'

const noteEveryMs = 500
const ringsAtMost = 100
/** The report of a file that is nothing but damage would not fit into memory. */
const damagedAtMost = 10_000

/**
 * Reads files of conversations in the background, one per user at a time, and only a few at once: each is held in memory.
 * Belongs to the process; `close` waits.
 */
export class Imports {
  readonly #units: Units
  readonly #bell: Bell
  readonly #most: number
  readonly #working = new Map<string, Promise<void>>()
  readonly #stopping = Promise.withResolvers<never>()
  #closing = false

  constructor({ units, bell, limits }: { units: Units; bell: Bell; limits: Pick<Limits, 'imports'> }) {
    this.#units = units
    this.#bell = bell
    this.#most = limits.imports
    this.#stopping.promise.catch(() => undefined) // heard by files that are arriving, if there are any
  }

  /**
   * Takes a file in, begins to read it and gives the job to watch. Before anything of it is received it throws CONFLICT
   * while another one of the user is at work, OVERLOADED while too many are.
   */
  async start(viewer: Viewer, receive: () => Promise<string>): Promise<ImportJob> {
    if (this.#closing) throw stopping()
    if (this.#working.has(viewer.id))
      throw new AppError('CONFLICT', 'Another file is being imported. Wait for its end.')
    if (this.#working.size >= this.#most)
      throw new AppError('OVERLOADED', 'Others are importing right now. Try again in a moment.', {
        ...{ limitName: 'imports', limit: this.#most, actual: this.#working.size + 1, retryAfterMs: 5_000 },
      })
    const begun = Promise.withResolvers<void>()
    this.#working.set(viewer.id, begun.promise)
    try {
      const text = await Promise.race([receive(), this.#stopping.promise])
      const em = this.#units.as(viewer)
      const job = em.create(ImportJob, { userId: viewer.id, status: 'RUNNING' })
      await em.flush()
      void this.#work(viewer, job.id, text).finally(() => {
        this.#working.delete(viewer.id)
        begun.resolve()
      })
      return job
    } catch (error) {
      this.#working.delete(viewer.id)
      begun.resolve()
      throw error
    }
  }

  /** Jobs end behind the conversation that they are at; what is left is told as not read. */
  async close(): Promise<void> {
    this.#closing = true
    this.#stopping.reject(stopping())
    await Promise.all(this.#working.values())
  }

  async #work(viewer: Viewer, id: string, text: string): Promise<void> {
    const note = (change: Partial<ImportJob>) =>
      this.#units.as(viewer).nativeUpdate(ImportJob, { id, ...owned(viewer) }, { ...change, updatedAt: new Date() })
    const report: ImportEntry[] = []
    const end = (change: Partial<ImportJob>) =>
      note({ ...counted(report), total: report.length, report, finishedAt: new Date(), ...change })
    try {
      const { format, total, conversations } = openFile(text)
      await note({ format, total })
      let noted = Date.now()
      let damaged = 0
      for (const read of conversations) {
        if (this.#closing) return void (await end({ status: 'FAILED', problem: stopped }))
        if ('problem' in read && ++damaged > damagedAtMost)
          throw new UnreadableFile(`Reading ended here: ${damagedAtMost} conversations of the file are damaged.`)
        report.push(await this.#take(viewer, read, report.length))
        if (Date.now() - noted < noteEveryMs) continue
        noted = Date.now()
        await note(counted(report))
      }
      await end({ status: 'DONE' })
    } catch (error) {
      await end({ status: 'FAILED', problem: problemOf(error) }).catch(() => undefined)
    }
  }

  async #take(viewer: Viewer, read: ReadConversation, before: number): Promise<ImportEntry> {
    const name = clean(read.name.slice(0, 200))
    const skipped = (reason: string): ImportEntry => ({ name, outcome: 'SKIPPED', reason: clean(reason.slice(0, 500)) })
    if ('problem' in read) return skipped(read.problem)
    const stored = await this.#store(viewer, read.moved)
    if (stored === 'unstorable') return skipped('could not be stored')
    if (!stored) return { name, outcome: 'PRESENT' }
    if (before < ringsAtMost) ringConversation(this.#bell, stored)
    return { name, outcome: 'IMPORTED', conversationId: publicId('conv', stored.id) }
  }

  /** Whatever is wrong with one conversation costs that one. Rejects only while the database is away. */
  async #store(viewer: Viewer, moved: MovedConversation): Promise<Conversation | null | 'unstorable'> {
    try {
      return await storeConversation(this.#units.as(viewer), viewer, moved)
    } catch (error) {
      if (isAway(error)) throw error
      // Its message quotes what people wrote.
      const code = error instanceof Error && 'code' in error ? error.code : ''
      console.error(`import: a conversation could not be stored (${error instanceof Error ? error.name : ''} ${code})`)
      return 'unstorable'
    }
  }
}

const stopping = () => new AppError('DRAINING', 'The server is stopping. Send the file again in a moment.')
const again = 'Import the file again: what is there does not come twice.'
const stopped = `The server was stopped. ${again}`

class UnreadableFile extends Error {}

/** In words for people. What they did not cause is logged. */
function problemOf(error: unknown): string {
  if (error instanceof UnreadableFile) return error.message
  if (noteAway(error)) return `The database could not be reached. ${again}`
  console.error(`import: ${error instanceof Error ? error.stack : error}`)
  return 'Something went wrong on the server.'
}

type OpenFile = { format: string; total: number; conversations: Iterable<ReadConversation> }

/** Throws UnreadableFile for what is no export that is known. */
function openFile(text: string): OpenFile {
  const body = text.replace(/^\ufeff/, '')
  if (/^\s*\{"type":"/.test(body)) {
    const lines = body.split('\n')
    const total = lines.reduce((sum, it) => sum + (it.startsWith('{"type":"conversation"') ? 1 : 0), 0)
    if (!isKnownVersion(lines[0] ?? ''))
      throw new UnreadableFile('The file is of a version that this server does not know.')
    return { format: 'parley', total, conversations: readBundle(lines) }
  }
  const value = parsed(body)
  const format = formatOf(value)
  if (!format) throw new UnreadableFile('The file is no export of Parley, ChatGPT, Claude, LibreChat or Open WebUI.')
  return { format, total: Array.isArray(value) ? value.length : 1, conversations: readForeign(format, value) }
}

/** A damaged header says nothing about the lines below it. */
function isKnownVersion(line: string): boolean {
  const [, version] = /^\{"type":"parley-export","version":(\d+)\}/.exec(line) ?? []
  return version === undefined || version === '1'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UnreadableFile('The file is not JSON, or it is cut.')
  }
}

function counted(report: readonly ImportEntry[]) {
  const of = (outcome: ImportEntry['outcome']) => report.reduce((sum, it) => sum + (it.outcome === outcome ? 1 : 0), 0)
  return { imported: of('IMPORTED'), present: of('PRESENT'), skipped: of('SKIPPED') }
}

const silentMs = 60_000

/** The viewer's imports, newest first. One whose server died is told as failed. */
export async function listImports(em: SqlEntityManager, viewer: Viewer): Promise<ImportJob[]> {
  const jobs = await em.find(ImportJob, owned(viewer), { orderBy: { createdAt: 'desc', id: 'desc' }, limit: 20 })
  return jobs.map(asItStands)
}

/** One of the viewer's imports; null when there is none of this id. */
export async function findImport(em: SqlEntityManager, viewer: Viewer, id: string): Promise<ImportJob | null> {
  const job = isUuid(id) ? await em.findOne(ImportJob, { id, ...owned(viewer) }) : null
  return job && asItStands(job)
}

function asItStands(job: ImportJob): ImportJob {
  const isSilent = job.status === 'RUNNING' && Date.now() - job.updatedAt.getTime() > silentMs
  return isSilent ? Object.assign(job, { status: 'FAILED', problem: stopped }) : job
}
