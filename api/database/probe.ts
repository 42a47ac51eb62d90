/** An answer that is so old is asked for again. */
const freshMs = 1_000

/** Who has not answered by then is away. */
const patienceMs = 2_000

/** Asks whether the database answers, so seldom that anybody may ask for it as often as they like. Never rejects. */
export function createProbe(ask: () => Promise<unknown>): () => Promise<boolean> {
  let askedAt = Number.NEGATIVE_INFINITY
  let answers: Promise<boolean> = Promise.resolve(true)
  return () => {
    if (performance.now() - askedAt < freshMs) return answers
    askedAt = performance.now()
    const { promise: late, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(resolve, patienceMs, false)
    const answered = ask().then(
      () => true,
      () => false,
    )
    answers = Promise.race([answered, late]).finally(() => clearTimeout(timer))
    return answers
  }
}
