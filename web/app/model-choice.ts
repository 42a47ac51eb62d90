import { useSyncExternalStore } from 'react'
import { read, write } from './drafts.ts'

const place = 'parley-model'
const watchers = new Set<() => void>()

/** The model for what is said from now on, in this browser. */
export function chooseModel(model: string): void {
  write(place, model)
  for (const tell of watchers) tell()
}

function watch(tell: () => void): () => void {
  watchers.add(tell)
  window.addEventListener('storage', tell)
  return () => {
    watchers.delete(tell)
    window.removeEventListener('storage', tell)
  }
}

/** The choice, as long as it is among those that may answer; else the default one, which is the first. */
export function useModel(models: readonly string[]): string | undefined {
  const chosen = useSyncExternalStore(
    watch,
    () => read(place),
    () => '',
  )
  return models.find((it) => it === chosen) ?? models[0]
}
