import { setTimeout as sleep } from 'node:timers/promises'

/** False when the signal came first. */
export function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal, ref: false }).catch(() => false)
}
