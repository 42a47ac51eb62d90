import { ifItFails } from './cleaning.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** How often things go wrong when `npm run bench:faults` asks for more than a test run does. */
    faults?: { cuts: number; kills: number }
  }
}

export type Random = {
  /** From 0 up to, but not, 1. */
  (): number
  /** A whole number from 0 up to, but not, `end`. */
  below(end: number): number
  of<T>(things: readonly T[]): T
}

/** Chance that can be repeated: a test that fails says which seed it had. */
export function seeded(seed = Math.floor(Math.random() * 2 ** 31)): Random {
  ifItFails(() => console.log(`The seed was ${seed}.`))
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(next() * end)
  return Object.assign(next, {
    below,
    of: <T>(things: readonly T[]) => {
      const thing = things[below(things.length)]
      if (thing === undefined) throw new Error('There is nothing to choose from.')
      return thing
    },
  })
}
