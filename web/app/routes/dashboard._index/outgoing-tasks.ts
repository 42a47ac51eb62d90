import { read, write } from '~/drafts.ts'
import type { NewTask } from './use-tasks.ts'

/** A task on its way. `failure` says why the last attempt did not bring it there; `kept`: it is on this device until then. */
export type Adding = NewTask & { failure: string | null; busy: boolean; kept: boolean }

const watchers = new Set<() => void>()

/** Changes what is kept on this device. Read anew each time: another tab may keep some there too. */
export function keep(place: string, change: (kept: NewTask[]) => NewTask[]): void {
  const kept = change(keptAt(place))
  write(place, kept.length > 0 ? JSON.stringify(kept) : '')
  for (const tell of watchers) tell()
}

/** What is on its way from this device, from any tab. */
export function keptAt(place: string): NewTask[] {
  try {
    const kept: unknown = JSON.parse(read(place))
    return Array.isArray(kept) ? kept.filter(isNewTask) : []
  } catch {
    return []
  }
}

const isNewTask = ({ title, dueOn, key }: Partial<NewTask>) =>
  typeof title === 'string' && typeof key === 'string' && (dueOn === null || typeof dueOn === 'string')

/** Tells when what is kept changed, in this tab or another one. The browser tells only of the other ones. */
export function watchKept(tell: () => void): () => void {
  watchers.add(tell)
  window.addEventListener('storage', tell)
  return () => {
    watchers.delete(tell)
    window.removeEventListener('storage', tell)
  }
}

export const isIn = (all: readonly NewTask[], { key }: NewTask): boolean => all.some((it) => it.key === key)

/** Without those that were kept and are not any more: another attempt brought them there, or they were taken back. */
export function stillOnTheirWay(all: readonly Adding[], kept: readonly NewTask[]): readonly Adding[] {
  const still = all.filter((it) => !it.kept || isIn(kept, it))
  // The same list when nothing changed: then nothing is drawn anew, as while another tab keeps its drafts.
  return still.length === all.length ? all : still
}

/** With this task as it is by now, in its place or at the end; without it when another attempt was done with it. */
export function withTask(all: readonly Adding[], task: Adding, kept: readonly NewTask[]): readonly Adding[] {
  const put = isIn(all, task) ? all.map((it) => (it.key === task.key ? task : it)) : [...all, task]
  return stillOnTheirWay(put, kept)
}
