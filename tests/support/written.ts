import { format } from 'node:util'

const lines: string[] = []

// The servers of this process write to its console. Who listens there instead hears what is not written here.
for (const way of ['log', 'info', 'warn', 'error', 'debug'] as const) {
  const write = console[way]
  console[way] = (...words: unknown[]) => {
    lines.push(format(...words))
    write.apply(console, words)
  }
}

/** All that the servers of this process wrote so far. */
export const written = (): string => lines.join('\n')
