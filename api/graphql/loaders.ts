import type { SqlEntityManager } from '@mikro-orm/sql'
import DataLoader from 'dataloader'
import type { Viewer } from '../auth/viewer.ts'
import { attachmentsOfMessages } from '../conversations/attachments.ts'
import { countMessagesOfEach, listMessagesOfEach } from '../conversations/conversations.ts'
import type { PageArgs, PageLimits } from '../page.ts'
import {
  activeRunsOf,
  countRunsOfEach,
  findAttachments,
  findConversations,
  findMessages,
  findRuns,
  findTasksById,
  findToolCalls,
  listRunsOfEach,
  messagesOfRuns,
  runsAnswering,
  toolCallsOfMessages,
} from '../runs/reading.ts'
import { Waves } from './waves.ts'

export type Loaders = ReturnType<typeof createLoaders>

/**
 * Look-ups of one unit of work, gathered: a page of fifty messages asks once for the tool calls of all fifty.
 * Row ids in; what does not exist and what is someone else's are null, or an empty list.
 */
export function createLoaders(em: SqlEntityManager, viewer: Viewer, limits: PageLimits) {
  const waves = new Waves()
  const batchScheduleFn = waves.schedule
  const one = <T>(find: (em: SqlEntityManager, viewer: Viewer, ids: readonly string[]) => Promise<Map<string, T>>) =>
    new DataLoader<string, T | null>(
      async (ids) => {
        const found = await waves.during(() => find(em, viewer, ids))
        return ids.map((id) => found.get(id) ?? null)
      },
      { batchScheduleFn },
    )
  const many = <T>(find: (em: SqlEntityManager, viewer: Viewer, ids: readonly string[]) => Promise<Map<string, T[]>>) =>
    new DataLoader<string, T[]>(
      async (ids) => {
        const found = await waves.during(() => find(em, viewer, ids))
        return ids.map((id) => found.get(id) ?? [])
      },
      { batchScheduleFn },
    )
  return {
    /** The same list of many conversations, as below a page of them. */
    messagePage: lists(waves, (ids, { includeSuperseded = false, ...args }) =>
      listMessagesOfEach(em, viewer, ids, { ...args, limits }, includeSuperseded),
    ),
    messageCount: lists(waves, (ids, { includeSuperseded = false }) =>
      countMessagesOfEach(em, viewer, ids, includeSuperseded),
    ),
    runPage: lists(waves, (ids, args) => listRunsOfEach(em, viewer, ids, { ...args, limits })),
    runCount: lists(waves, (ids) => countRunsOfEach(em, viewer, ids)),
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
    attachment: one(findAttachments),
    /** By message. */
    attachments: many(attachmentsOfMessages),
  }
}

type ListKey = { id: string } & ListArgs
type ListArgs = Pick<PageArgs, 'first' | 'last'> & { includeSuperseded?: boolean }

/** Gathers by what is wanted of each list: siblings in a document want the same. */
function lists<T>(waves: Waves, find: (ids: string[], args: ListArgs) => Promise<Map<string, T>>) {
  const ask = async (keys: readonly ListKey[]) => {
    const groups = Map.groupBy(keys, ({ id: _, ...args }) => JSON.stringify(args))
    const found = await Promise.all(
      [...groups].map(async ([text, members]) => {
        const args: ListArgs = JSON.parse(text)
        return [text, await find([...new Set(members.map(({ id }) => id))], args)] as const
      }),
    )
    const byArgs = new Map(found)
    return keys.map(({ id, ...args }) => byArgs.get(JSON.stringify(args))?.get(id) ?? null)
  }
  return new DataLoader<ListKey, T | null, string>((keys) => waves.during(() => ask(keys)), {
    batchScheduleFn: waves.schedule,
    cacheKeyFn: (key) => JSON.stringify(key),
  })
}
