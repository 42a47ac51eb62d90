import { v7 } from 'uuid'
import { describe, expect, test } from 'vitest'
import { ProcessBell } from '../api/bell/bell.ts'
import { standardLimits } from '../api/limits.ts'
import { Task } from '../api/tasks/task.entity.ts'
import {
  addTask,
  completeTask,
  countTasks,
  deleteTask,
  findTasks,
  listTasks,
  ownTask,
  updateTask,
} from '../api/tasks/tasks.ts'
import { openDatabase } from './support/databases.ts'
import { storedUser } from './support/stored-user.ts'

const database = await openDatabase()
const bell = new ProcessBell()

/** Someone new, with what they can do; each deed is a unit of work of its own. */
async function person(name: string) {
  const viewer = await storedUser(database, name)
  const em = () => database.units.as(viewer)
  return {
    viewer,
    em,
    add: (title: string, more: { notes?: string | null; dueOn?: string | null } = {}) =>
      addTask(em(), viewer, bell, { title, ...more }, standardLimits),
    update: (id: string, change: Parameters<typeof updateTask>[4]) =>
      updateTask(em(), viewer, bell, id, change, standardLimits),
    complete: (id: string) => completeTask(em(), viewer, bell, id, standardLimits),
    delete: (id: string) => deleteTask(em(), viewer, bell, id),
    read: (id: string) => ownTask(em(), viewer, id),
    page: (...args: [Parameters<typeof listTasks>[2], Parameters<typeof listTasks>[3]?]) =>
      listTasks(em(), viewer, ...args),
    titles: async (filter: Parameters<typeof listTasks>[3] = {}) =>
      (await listTasks(em(), viewer, {}, filter)).nodes.map(({ title }) => title),
    find: async (filter: Parameters<typeof findTasks>[2]) => {
      const { tasks, more } = await findTasks(em(), viewer, filter)
      return { titles: tasks.map(({ title }) => title), more }
    },
  }
}

const seen = ({ title, notes, dueOn, completedAt }: Task) => ({ title, notes, dueOn, completed: completedAt !== null })

describe('a task', () => {
  test('is kept as it was given, but for space around the title', async () => {
    const ada = await person('ada')
    const notes = ' oat,\n\tnot soy \u202e '
    const { id } = await ada.add('  buy milk ', { notes, dueOn: '2028-02-29' })
    expect(seen(await ada.read(id))).toEqual({ title: 'buy milk', notes, dueOn: '2028-02-29', completed: false })
  })

  test('changes only where it is told to', async () => {
    const ada = await person('ada')
    const { id } = await ada.add('buy milk', { notes: 'oat', dueOn: '2027-01-31' })
    await ada.update(id, { title: 'buy oat milk' })
    expect(seen(await ada.read(id))).toMatchObject({ title: 'buy oat milk', notes: 'oat', dueOn: '2027-01-31' })
    await ada.update(id, { notes: null, dueOn: null, completed: true })
    expect(seen(await ada.read(id))).toEqual({ title: 'buy oat milk', notes: null, dueOn: null, completed: true })
    await ada.update(id, { notes: '  ', completed: false })
    expect(seen(await ada.read(id))).toMatchObject({ notes: null, completed: false })
  })

  test('keeps the time at which it was first completed', async () => {
    const ada = await person('ada')
    const { id } = await ada.add('buy milk')
    const { completedAt } = await ada.complete(id)
    expect(completedAt).toBeInstanceOf(Date)
    expect((await ada.complete(id)).completedAt).toEqual(completedAt)
    expect((await ada.read(id)).completedAt).toEqual(completedAt)
  })

  test('is gone once deleted, and can be deleted once', async () => {
    const ada = await person('ada')
    const { id } = await ada.add('buy milk')
    expect((await ada.delete(id)).title).toBe('buy milk')
    await expect(ada.read(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(ada.delete(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('refused, with the member that is wrong', () => {
  const long = (count: number) => 'ä'.repeat(count)

  test.each([
    ['title', { title: '' }],
    ['title', { title: ' \n\t' }],
    ['title', { title: long(1_001) }],
    ['title', { title: 'a\0b' }],
    ['title', { title: 'a\ud83d' }],
    ['notes', { title: 'a', notes: long(10_001) }],
    ['notes', { title: 'a', notes: '\udc00' }],
    ['dueOn', { title: 'a', dueOn: '' }],
    ['dueOn', { title: 'a', dueOn: '2027-02-29' }],
    ['dueOn', { title: 'a', dueOn: '2027-13-01' }],
    ['dueOn', { title: 'a', dueOn: '0000-01-01' }],
    ['dueOn', { title: 'a', dueOn: '2027-1-1' }],
    ['dueOn', { title: 'a', dueOn: '2027-01-01T00:00' }],
    ['dueOn', { title: 'a', dueOn: 'tomorrow' }],
  ])('%s of %o', async (field, { title, ...more }) => {
    const ada = await person('ada')
    const refusal = { code: 'BAD_USER_INPUT', details: { field: ['input', field] } }
    await expect(ada.add(title, more)).rejects.toMatchObject(refusal)
    const { id } = await ada.add('sound')
    await expect(ada.update(id, { title, ...more })).rejects.toMatchObject(refusal)
    expect(await ada.titles()).toEqual(['sound'])
    expect(seen(await ada.read(id))).toEqual({ title: 'sound', notes: null, dueOn: null, completed: false })
  })

  test('a title or a completion that is null', async () => {
    const ada = await person('ada')
    const { id } = await ada.add('sound')
    await expect(ada.update(id, { title: null })).rejects.toMatchObject({ details: { field: ['input', 'title'] } })
    await expect(ada.update(id, { completed: null })).rejects.toMatchObject({
      details: { field: ['input', 'completed'] },
    })
  })

  test('the limits themselves are not', async () => {
    const ada = await person('ada')
    const { id } = await ada.add(long(1_000), { notes: '🥛'.repeat(10_000), dueOn: '9999-12-31' })
    expect((await ada.read(id)).notes).toBe('🥛'.repeat(10_000))
    await expect(addTask(ada.em(), ada.viewer, bell, { title: 'four' }, { taskCharacters: 3 })).rejects.toMatchObject({
      details: { limit: 3, actual: 4 },
    })
  })
})

describe('a list', () => {
  test('has the newest first, open or done as asked, and counts', async () => {
    const ada = await person('ada')
    for (const title of ['one', 'two', 'three']) await ada.add(title)
    const [, two] = (await ada.page({})).nodes
    await ada.complete(two?.id ?? '')
    expect(await ada.titles()).toEqual(['three', 'two', 'one'])
    expect(await ada.titles({ status: null })).toEqual(['three', 'two', 'one'])
    expect(await ada.titles({ status: 'OPEN' })).toEqual(['three', 'one'])
    expect(await ada.titles({ status: 'DONE' })).toEqual(['two'])
    const counts = [{}, { status: 'OPEN' }, { status: 'DONE' }] as const
    expect(await Promise.all(counts.map((it) => countTasks(ada.em(), ada.viewer, it)))).toEqual([3, 2, 1])
  })

  test('is walked page by page, none left out and none twice, though many are of one moment', async () => {
    const ada = await person('ada')
    const now = new Date()
    const em = ada.em()
    for (let at = 0; at < 7; at++)
      em.create(Task, { userId: ada.viewer.id, title: `task ${at}`, createdAt: now, updatedAt: now })
    await em.flush()
    const walked: string[] = []
    let after: string | undefined
    do {
      const page = await ada.page({ first: 3, after })
      walked.push(...page.nodes.map(({ title }) => title))
      const last = page.nodes.at(-1)
      after = page.hasNextPage && last ? page.cursorOf(last) : undefined
    } while (after)
    expect(walked.toSorted()).toEqual(Array.from({ length: 7 }, (_, at) => `task ${at}`))
  })

  test('is searched by all of the words, in titles and notes, signs taken as they are', async () => {
    const ada = await person('ada')
    await ada.add('Buy OAT milk')
    await ada.add('Buy bread', { notes: 'with oats, 100%' })
    await ada.add('Call_Bob')
    await ada.add('Call Eve')
    expect(await ada.find({ words: ' oat  buy ' })).toEqual({ titles: ['Buy bread', 'Buy OAT milk'], more: false })
    expect(await ada.find({ words: '%' })).toEqual({ titles: ['Buy bread'], more: false })
    expect(await ada.find({ words: 'call_' })).toEqual({ titles: ['Call_Bob'], more: false })
    expect(await ada.find({ words: '\\' })).toEqual({ titles: [], more: false })
    expect(await ada.find({ limit: 2 })).toEqual({ titles: ['Call Eve', 'Call_Bob'], more: true })
    expect(await ada.find({ limit: 4 })).toMatchObject({ more: false })
    await expect(ada.find({ words: 'a\0' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await expect(ada.find({ words: 'a'.repeat(201) })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })
})

test('a task of someone else is as unknown as one that never was', async () => {
  const [ada, eve] = await Promise.all([person('ada'), person('eve')])
  const { id } = await ada.add('secret')
  const refused = async (deed: Promise<unknown>) =>
    deed.then(
      () => 'done',
      ({ code, message }) => ({ code, message }),
    )
  for (const deed of [
    (it: string) => eve.read(it),
    (it: string) => eve.update(it, { title: 'mine' }),
    (it: string) => eve.complete(it),
    (it: string) => eve.delete(it),
  ])
    expect([await refused(deed(id)), await refused(deed(v7()))]).toEqual(
      Array(2).fill({ code: 'NOT_FOUND', message: 'There is no such task.' }),
    )
  expect(await eve.titles()).toEqual([])
  expect(await eve.find({ words: 'secret' })).toEqual({ titles: [], more: false })
  expect(seen(await ada.read(id))).toMatchObject({ title: 'secret', completed: false })
})

test('every change rings for its user alone, once it can be read', async () => {
  const [ada, eve] = await Promise.all([person('ada'), person('eve')])
  using closing = new DisposableStack()
  const end = closing.adopt(new AbortController(), (it) => it.abort())
  const ears = bell.listen(`user:${ada.viewer.id}`, end.signal)
  const others = bell.listen(`user:${eve.viewer.id}`, end.signal)
  const { id } = await ada.add('buy milk')
  for (const deed of [() => ada.update(id, { title: 'x' }), () => ada.complete(id), () => ada.delete(id)]) {
    expect(await ears.next()).toEqual([`task:${id}`])
    await deed()
  }
  expect(await ears.next()).toEqual([`task:${id}`])
  await expect(ada.update(id, { title: 'y' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  end.abort()
  expect([await ears.next(), await others.next()]).toEqual([[], []])
})
