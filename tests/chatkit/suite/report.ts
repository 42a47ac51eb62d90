/** `advice`: the protocol leaves it open, and clients are better off with it. */
export type Level = 'must' | 'advice'

export type Outcome = { name: string; level: Level; faults: string[]; notTried?: string }

/** The outcomes as a table for people. */
export function table(outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map(({ name }) => name.length))
  const rows = outcomes.map((outcome) => {
    const [first = '', ...others] = outcome.notTried ? [outcome.notTried] : outcome.faults
    const rest = others.map((fault) => `${' '.repeat(width + 12)}${short(fault)}`)
    return [`${word(outcome).padEnd(10)}  ${outcome.name.padEnd(width)}  ${short(first)}`.trimEnd(), ...rest].join('\n')
  })
  const count = (wanted: string) => outcomes.filter((it) => word(it) === wanted).length
  const sums = ['ok', 'FAULT', 'advice', 'not tried'].map((it) => `${count(it)} ${it}`)
  return [...rows, '', sums.join(', ')].join('\n')
}

export const hasFaults = (outcomes: readonly Outcome[], strict: boolean) =>
  outcomes.some(({ faults, level }) => faults.length > 0 && (strict || level === 'must'))

function word({ faults, level, notTried }: Outcome): string {
  if (notTried !== undefined) return 'not tried'
  if (faults.length === 0) return 'ok'
  return level === 'must' ? 'FAULT' : 'advice'
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
