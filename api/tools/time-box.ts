import { createContext, Script } from 'node:vm'

/**
 * Makes a function that does work which must not take long, such as checks that somebody else wrote the rules for. What
 * is not done in time is broken off, wherever it is, and the function throws; nothing else can be done meanwhile.
 */
export function createTimeBox(milliseconds: number): <T>(work: () => T) => T {
  const context: { work?: () => unknown } = createContext({})
  const script = new Script('work()')
  return <T>(work: () => T): T => {
    context.work = work
    try {
      return script.runInContext(context, { timeout: milliseconds }) as T // it is what `work` gave
    } finally {
      context.work = undefined
    }
  }
}
