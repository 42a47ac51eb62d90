import { noteAway } from '../outage.ts'

/** Errors of the embedded database carry kilobytes of code: only what they say is logged. */
export function complain(what: string, error: unknown): void {
  if (noteAway(error)) return
  console.error(`${what}: ${error instanceof Error ? error.message.slice(0, 500) : error}`)
}
