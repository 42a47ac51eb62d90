import { useFormatter } from 'use-intl'

/** Bytes as people read them, in the language of the page. */
export function useSize(): (bytes: number) => string {
  const format = useFormatter()
  return (bytes) => {
    const [value, unit] = bytes < 1_000_000 ? [bytes / 1_000, 'kilobyte'] : [bytes / 1_000_000, 'megabyte']
    return format.number(value, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 })
  }
}
