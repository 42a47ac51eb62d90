import { createContext, useContext } from 'react'

export type Decision = 'APPROVE' | 'DENY'

/** How a card says what the person decided. Absent where nothing can be decided. */
export const ToolDecisionContext = createContext<((toolCallId: string, decision: Decision) => Promise<void>) | null>(
  null,
)

export const useToolDecision = () => useContext(ToolDecisionContext)
