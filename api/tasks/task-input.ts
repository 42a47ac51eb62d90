import { AppError, badInput } from '../errors.ts'

const notesCharacters = 10_000
const searchCharacters = 200

/** Without the space around it. Throws BAD_USER_INPUT when it is blank, too long or no well-formed text. */
export function validTitle(text: string, maxCharacters: number): string {
  const title = text.trim()
  if (title === '') throw badInput(['input', 'title'], 'must not be blank')
  return validText('title', title, maxCharacters)
}

/** Exactly as given; blank notes are none. */
export function validNotes(notes: string | null): string | null {
  return notes === null || notes.trim() === '' ? null : validText('notes', notes, notesCharacters)
}

/** A day that exists, from year 1 to 9999. */
export function validDay(day: string | null): string | null {
  if (day === null) return null
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(day) && !day.startsWith('0000') ? Date.parse(`${day}T00:00:00Z`) : NaN
  // Rolled over, as 30 February is to 1 or 2 March, it is another day.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day)
    throw badInput(['input', 'dueOn'], 'must be a day of the calendar, as YYYY-MM-DD')
  return day
}

/** What to look for, word by word; nothing in a blank text. */
export function validWords(text: string): string[] {
  return validText('words', text, searchCharacters).split(/\s+/).filter(Boolean)
}

function validText(name: string, text: string, limit: number): string {
  const field = ['input', name]
  const actual = [...text].length
  if (actual > limit) {
    const reason = `must have at most ${limit.toLocaleString('en')} characters`
    throw new AppError('BAD_USER_INPUT', `${name}: ${reason}`, { field, reason, limit, actual })
  }
  if (text.includes('\0') || !text.isWellFormed()) throw badInput(field, 'must be well-formed text')
  return text
}
