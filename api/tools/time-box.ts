import { createContext, Script } from 'node:vm'

/** So often something is tried that was broken off while others had the processor: each time holds everything up. */
const tries = 2

/**
 * Makes a function that does work which must not take long, such as checks that somebody else wrote the rules for. What
 * is not done in time is broken off, wherever it is, and the function throws; nothing else can be done meanwhile. On a
 * busy machine the work may be begun anew: it must be the same each time.
 */
export function createTimeBox(milliseconds: number): <T>(work: () => T) => T {
  const context: { work?: () => unknown } = createContext({})
  const script = new Script('work()')

  function once<T>(work: () => T): T {
    context.work = work
    try {
      return script.runInContext(context, { timeout: milliseconds }) as T // it is what `work` gave
    } finally {
      context.work = undefined
    }
  }

  return (work) => {
    for (let left = tries - 1; ; left--) {
      const begun = process.threadCpuUsage()
      try {
        return once(work)
      } catch (error) {
        if (left === 0 || !wasBrokenOff(error) || cpuMilliseconds(begun) > milliseconds / 2) throw error
      }
    }
  }
}

/** The error comes out of the box: it is none of our own kind of Error. */
const wasBrokenOff = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

function cpuMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since)
  return (user + system) / 1_000
}
