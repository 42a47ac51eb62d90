import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Rates } from '../auth/rates.ts'
import type { Viewer } from '../auth/viewer.ts'
import { AppError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { checkedCost, checkVariables, parserFor } from './complexity.ts'
import type { Spent } from './context.ts'
import { toldError } from './told-error.ts'

type Parts = { schema: GraphQLSchema; limits: Limits; rates: Rates }

/** What the server knows of a request before GraphQL begins. */
export type Asked = { viewer: Viewer; spent: Spent }

/**
 * Refuses what is too big or too much before anything is looked up: the document while it is parsed and measured, the
 * variables, the minute's budget. The same for queries, mutations and subscriptions, by POST and by GET.
 */
export function defences({ schema, limits, rates }: Parts): Plugin<Asked> {
  const parse = parserFor(limits)
  const measured = (document: DocumentNode, context: unknown): number =>
    checkedCost(schema, document, variablesOf(context), limits)

  /** Takes the cost off the budget. Gives the answer that refuses, when there is not enough. */
  async function pay({ viewer, spent }: Asked): Promise<ExecutionResult | null> {
    try {
      spent.budget = await rates.take(viewer, 'costPerMinute', spent.cost)
      return null
    } catch (error) {
      if (error instanceof AppError) spent.retryAfterMs = error.details.retryAfterMs
      return { errors: [toldError(error)] }
    }
  }

  return {
    onParams: ({ params }) => checkVariables(params.variables, limits),
    onParse({ setParseFn }) {
      setParseFn(parse)
      return ({ context, result, replaceParseResult }) => {
        if (result === null || result instanceof Error) return
        try {
          context.spent.cost = measured(result, context)
        } catch (error) {
          replaceParseResult(toldError(error))
        }
      }
    },
    async onExecute({ args, executeFn, setExecuteFn, setResultAndStopExecution }) {
      const refused = await pay(args.contextValue)
      if (refused) return setResultAndStopExecution(refused)
      setExecuteFn((it) => inTime(limits, executeFn(it)))
      return {
        onExecuteDone({ result, setResult }) {
          if (Symbol.asyncIterator in result) return
          setResult({ ...result, extensions: { ...result.extensions, cost: told(args.contextValue.spent) } })
        },
      }
    },
    async onSubscribe({ args, setResultAndStopExecution }) {
      const refused = await pay(args.contextValue)
      if (refused) setResultAndStopExecution(refused)
    },
  }
}

function variablesOf(context: unknown): Record<string, unknown> {
  const { params } = context as { params?: { variables?: Record<string, unknown> | null } }
  return params?.variables ?? {}
}

const told = ({ cost, budget }: Spent) => ({
  cost,
  ...budget,
  ...(budget && { resetAt: budget.resetAt.toISOString() }),
})

/** What takes longer is answered without it: it may go on, but nobody waits for it. */
async function inTime<T>({ querySeconds }: Pick<Limits, 'querySeconds'>, work: Promise<T> | T): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = () =>
    reject(
      new AppError('OVERLOADED', `The request took longer than ${querySeconds} s.`, {
        ...{ limitName: 'querySeconds', limit: querySeconds, retryAfterMs: 1_000 },
      }),
    )
  const timer = setTimeout(late, querySeconds * 1_000)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
