/** Makes of the pieces that a model sends what people may read. Made once per turn. */
export type Speech = {
  /** What can be said now of this piece; may be empty. */
  hear(piece: string): string
  /** What was held back. Call it once, at the end. */
  rest(): string
}

const tags = ['think', 'thinking']

/**
 * Leaves out thinking that small models put between tags at the very start of their answer, and sees to it that each
 * text is well-formed: a character whose halves come in two pieces is joined, a lone half becomes U+FFFD, NUL is dropped.
 */
export function createSpeech(): Speech {
  const whole = createWholeCharacters()
  let place: 'start' | 'thinking' | 'gap' | 'answer' = 'start'
  let held = ''
  let closing = ''

  function answerIn(piece: string): string {
    if (place === 'answer') return piece
    held += piece
    if (place === 'start') {
      const begun = held.trimStart()
      const tag = tags.find((it) => begun.startsWith(`<${it}>`))
      if (tag) {
        place = 'thinking'
        closing = `</${tag}>`
        held = begun.slice(tag.length + 2)
      } else if (held.length < 64 && tags.some((it) => `<${it}>`.startsWith(begun))) return ''
      else place = 'answer'
    }
    if (place === 'thinking') {
      const end = held.indexOf(closing)
      const sure = end < 0 ? Math.max(0, held.length - closing.length + 1) : end
      held = held.slice(end < 0 ? sure : end + closing.length)
      if (end >= 0) place = 'gap'
    }
    if (place === 'gap') {
      held = held.trimStart()
      if (held) place = 'answer'
    }
    if (place !== 'answer') return ''
    const answer = held
    held = ''
    return answer
  }

  return {
    hear: (piece) => whole.join(answerIn(piece)),
    rest: () => (place === 'start' ? whole.join(held) : '') + whole.rest(),
  }
}

function createWholeCharacters() {
  let half = ''
  return {
    join(piece: string): string {
      const text = half + piece
      const last = text.charCodeAt(text.length - 1)
      half = last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : ''
      return storable(half ? text.slice(0, -1) : text)
    },
    rest: () => storable(half),
  }
}

/** The text without what neither Postgres nor a provider takes. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}
