/**
 * Keeps calls from a server that fails again and again: after `failures` in a row none is let through for `seconds`.
 * Then it gets another chance, and the first failure closes the way again.
 */
export class Breaker {
  readonly #limits: { breakerFailures: number; breakerSeconds: number }
  #inARow = 0
  #openUntil = 0

  constructor(limits: { breakerFailures: number; breakerSeconds: number }) {
    this.#limits = limits
  }

  /** Milliseconds until calls are let through again; 0 when they are. */
  get waitMs(): number {
    return Math.max(0, this.#openUntil - Date.now())
  }

  get failures(): number {
    return this.#inARow
  }

  worked(): void {
    this.#inARow = 0
    this.#openUntil = 0
  }

  failed(): void {
    this.#inARow++
    if (this.#inARow >= this.#limits.breakerFailures) this.#openUntil = Date.now() + this.#limits.breakerSeconds * 1_000
  }
}
