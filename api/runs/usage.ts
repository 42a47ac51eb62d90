import type { Usage } from './model.ts'

/** What all turns of a run cost together. */
export function added(sum: Usage | null, turn: Usage): Usage {
  return {
    inputTokens: (sum?.inputTokens ?? 0) + turn.inputTokens,
    cachedInputTokens: (sum?.cachedInputTokens ?? 0) + turn.cachedInputTokens,
    outputTokens: (sum?.outputTokens ?? 0) + turn.outputTokens,
    reasoningTokens: (sum?.reasoningTokens ?? 0) + turn.reasoningTokens,
  }
}
