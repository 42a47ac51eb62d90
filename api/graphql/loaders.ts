import type { SqlEntityManager } from '@mikro-orm/sql'
import DataLoader from 'dataloader'
import type { Viewer } from '../auth/viewer.ts'
import {
  activeRunsOf,
  findConversations,
  findMessages,
  findRuns,
  findTasksById,
  findToolCalls,
  messagesOfRuns,
  runsAnswering,
  toolCallsOfMessages,
} from '../runs/reading.ts'

export type Loaders = ReturnType<typeof createLoaders>

/**
 * Look-ups of one unit of work, gathered: a page of fifty messages asks once for the tool calls of all fifty.
 * Row ids in; what does not exist and what is someone else's are null, or an empty list.
 */
export function createLoaders(em: SqlEntityManager, viewer: Viewer) {
  const one = <T>(find: (em: SqlEntityManager, viewer: Viewer, ids: readonly string[]) => Promise<Map<string, T>>) =>
    new DataLoader<string, T | null>(async (ids) => {
      const found = await find(em, viewer, ids)
      return ids.map((id) => found.get(id) ?? null)
    })
  const many = <T>(find: (em: SqlEntityManager, viewer: Viewer, ids: readonly string[]) => Promise<Map<string, T[]>>) =>
    new DataLoader<string, T[]>(async (ids) => {
      const found = await find(em, viewer, ids)
      return ids.map((id) => found.get(id) ?? [])
    })
  return {
    conversation: one(findConversations),
    message: one(findMessages),
    run: one(findRuns),
    toolCall: one(findToolCalls),
    task: one(findTasksById),
    /** By conversation. */
    activeRun: one(activeRunsOf),
    /** By user message: the newest run that answers it. */
    answer: one(runsAnswering),
    /** By run. */
    messages: many(messagesOfRuns),
    /** By message. */
    toolCalls: many(toolCallsOfMessages),
  }
}
