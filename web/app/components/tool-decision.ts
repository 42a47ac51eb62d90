import { createContext, useContext } from 'react'

export type Decision = 'APPROVE' | 'DENY'

/** `args` go to the tool instead of what the assistant wrote; `reason` goes to the assistant. */
export type DecisionDetails = { args?: object | null; reason?: string }

type Decide = (toolCallId: string, decision: Decision, details?: DecisionDetails) => Promise<void>

/** How a card says what the person decided. Absent where nothing can be decided. */
export const ToolDecisionContext = createContext<Decide | null>(null)

export const useToolDecision = () => useContext(ToolDecisionContext)
