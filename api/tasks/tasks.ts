import type { SqlEntityManager } from '@mikro-orm/sql'
import { owned, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { inTransaction } from '../bell/in-transaction.ts'
import { badInput, notFound } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { keysetPage, type Page, type PageArgs } from '../page.ts'
import { Task } from './task.entity.ts'
import { validDay, validNotes, validTitle, validWords } from './task-input.ts'

export type TaskLimits = Pick<Limits, 'taskCharacters'>

export type TaskFilter = {
  /** Null or left out: both. */
  status?: 'OPEN' | 'DONE' | null
}

/** The viewer's task. Throws NOT_FOUND when it does not exist or belongs to someone else. */
export async function ownTask(em: SqlEntityManager, viewer: Viewer, id: string): Promise<Task> {
  const found = await em.findOne(Task, { id, ...owned(viewer) })
  if (!found) throw notFound('task')
  return found
}

function listed(viewer: Viewer, { status }: TaskFilter) {
  return {
    ...owned(viewer),
    ...(status ? { completedAt: status === 'DONE' ? { $ne: null } : null } : {}),
  }
}

/** Newest first. */
export function listTasks(
  em: SqlEntityManager,
  viewer: Viewer,
  args: PageArgs,
  filter: TaskFilter = {},
): Promise<Page<Task>> {
  return keysetPage(
    em,
    Task,
    { name: 'tasks', where: listed(viewer, filter), keys: ['createdAt', 'id'], direction: 'desc' },
    args,
  )
}

export function countTasks(em: SqlEntityManager, viewer: Viewer, filter: TaskFilter = {}): Promise<number> {
  return em.count(Task, listed(viewer, filter))
}

/**
 * The newest tasks that have every one of the words in their title or notes, in any order and case, as parts of words too.
 * `more` says that there are others. Throws BAD_USER_INPUT for words that are too many.
 */
export async function findTasks(
  em: SqlEntityManager,
  viewer: Viewer,
  { words, limit = 50, ...filter }: TaskFilter & { words?: string | null; limit?: number },
): Promise<{ tasks: Task[]; more: boolean }> {
  const patterns = validWords(words ?? '').map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`)
  const containing = patterns.map((like) => ({ $or: [{ title: { $ilike: like } }, { notes: { $ilike: like } }] }))
  const found = await em.find(
    Task,
    { $and: [listed(viewer, filter), ...containing] },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: limit + 1 },
  )
  return { tasks: found.slice(0, limit), more: found.length > limit }
}

/**
 * A new, open task. Throws BAD_USER_INPUT for a title that is blank or too long, for notes that are too long, and for a
 * day that the calendar does not have.
 */
export async function addTask(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  input: { title: string; notes?: string | null; dueOn?: string | null },
  limits: TaskLimits,
): Promise<Task> {
  return inTransaction(em, bell, async (em, bell) => {
    const task = em.create(Task, {
      userId: viewer.id,
      title: validTitle(input.title, limits.taskCharacters),
      notes: validNotes(input.notes ?? null),
      dueOn: validDay(input.dueOn ?? null),
    })
    await em.flush()
    ringTask(bell, task)
    return task
  })
}

/** A member left out leaves things as they are; null clears notes and day. Completing twice keeps the first time. */
export async function updateTask(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  id: string,
  change: { title?: string | null; notes?: string | null; dueOn?: string | null; completed?: boolean | null },
  limits: TaskLimits,
): Promise<Task> {
  if (change.title === null) throw badInput(['input', 'title'], 'cannot be cleared')
  if (change.completed === null) throw badInput(['input', 'completed'], 'must be true or false')
  const { title, notes, dueOn, completed } = change
  return inTransaction(em, bell, async (em, bell) => {
    const task = await ownTask(em, viewer, id)
    if (title !== undefined) task.title = validTitle(title, limits.taskCharacters)
    if (notes !== undefined) task.notes = validNotes(notes)
    if (dueOn !== undefined) task.dueOn = validDay(dueOn)
    if (completed !== undefined && completed !== (task.completedAt != null))
      task.completedAt = completed ? new Date() : null
    await em.flush()
    ringTask(bell, task)
    return task
  })
}

/** Done already is fine: then nothing changes. */
export function completeTask(
  em: SqlEntityManager,
  viewer: Viewer,
  bell: Bell,
  id: string,
  limits: TaskLimits,
): Promise<Task> {
  return updateTask(em, viewer, bell, id, { completed: true }, limits)
}

/** Deletes it for good and gives it back as it was. Of two who delete at once, one gets NOT_FOUND. */
export async function deleteTask(em: SqlEntityManager, viewer: Viewer, bell: Bell, id: string): Promise<Task> {
  return inTransaction(em, bell, async (em, bell) => {
    const task = await ownTask(em, viewer, id)
    const deleted = await em.nativeDelete(Task, { id, ...owned(viewer) })
    if (deleted === 0) throw notFound('task')
    ringTask(bell, task)
    return task
  })
}

/** Says to the user's pages that this task is new, other, or gone. */
function ringTask(bell: Bell, task: Task): void {
  bell.ring(`user:${task.userId}`, `task:${task.id}`)
}
