import type { Database } from '../../api/database/database.ts'

/** Cuts an app off from its database, as death does: nothing that was not committed by then ever is. */
export type Power = {
  /** Commits since the beginning. */
  readonly commits: number
  /** From this moment on nothing reaches the database any more. */
  cut(): void
  /** The same at the commit of this number: `before` it nothing of it is stored, `after` it all is. */
  cutAt(commit: number, when: 'before' | 'after'): void
  /** The commit of this number is stored, but whoever made it hears that the connection was lost; the next is as good as any. */
  loseAnswer(commit: number): void
  /** The transaction of this number does not begin until it is let. */
  hold(transaction: number): { reached: Promise<void>; release(): void }
  /** Cuts what is outside the pool, for good: chunks of the log are not written and nobody hears the bell of others. */
  cutLines(): void
  /** Resolves when it was cut. */
  gone: Promise<void>
}

class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

type Work = (em: object) => Promise<unknown>

/**
 * A database for one app of a test, whose power can be cut to the commit. What the app does afterwards fails, so it can
 * still be closed; and another app goes on with what is stored.
 */
export function withPower<D extends Database>(database: D): { database: D; power: Power } {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const connections = new Set<{ end(): Promise<void> }>()
  let on = true
  let lines = true
  let begun = 0
  let commits = 0
  let held: { transaction: number; reach(): void; released: Promise<void> } | undefined
  let unheard: number | undefined
  let fatal: { commit: number; when: 'before' | 'after' } | undefined

  const cutLines = () => {
    lines = false
    for (const connection of connections) void connection.end().catch(() => {})
  }
  const cut = () => {
    on = false
    resolve()
    cutLines()
  }
  const check = () => {
    if (!on) throw new PowerCut('The power was cut.')
  }
  const cutIf = (when: 'before' | 'after', commit: number) => {
    if (fatal?.commit === commit && fatal.when === when) cut()
  }
  const transactional = async (
    begin: (work: Work, ...rest: unknown[]) => Promise<unknown>,
    work: Work,
    rest: unknown[],
  ) => {
    check()
    if (++begun === held?.transaction) {
      held.reach()
      await held.released
    }
    let number = 0
    const result = await begin(
      async (em) => {
        const result = await work(em)
        number = ++commits
        cutIf('before', number)
        check()
        return result
      },
      ...rest,
    )
    cutIf('after', number)
    check()
    if (number === unheard) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    return result
  }

  const wired = <E extends object>(em: E): E =>
    new Proxy(em, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        const call = member.bind(target)
        if (name === 'transactional') return (work: Work, ...rest: unknown[]) => transactional(call, work, rest)
        return (...args: unknown[]) => {
          check()
          return call(...args)
        }
      },
    })

  const { units, connect } = database
  return {
    database: {
      ...database,
      units: { as: (viewer) => wired(units.as(viewer)), asSystem: () => wired(units.asSystem()) },
      ...(connect && {
        connect: async () => {
          if (!lines) throw new PowerCut('The line was cut.')
          const connection = await connect()
          connections.add(connection)
          return connection
        },
      }),
    },
    power: {
      get commits() {
        return commits
      },
      hold: (transaction) => {
        const reached = Promise.withResolvers<void>()
        const released = Promise.withResolvers<void>()
        held = { transaction, reach: reached.resolve, released: released.promise }
        return { reached: reached.promise, release: released.resolve }
      },
      cut,
      cutLines,
      loseAnswer: (commit) => {
        unheard = commit
      },
      cutAt: (commit, when) => {
        fatal = { commit, when }
      },
      gone,
    },
  }
}
