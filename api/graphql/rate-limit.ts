import type { Budget } from '../auth/rates.ts'
import { builder } from './builder.ts'

type RateLimit = Budget & { cost: number }

const RateLimitType = builder.objectRef<RateLimit>('RateLimit').implement({
  description:
    'The cost bucket of this credential, refilled by the minute. Cost: an object 1, a connection its page size, a scalar 0, multiplied along the way. Every answer has the same in `extensions.cost` and in the headers `RateLimit` and `RateLimit-Policy`.',
  fields: (t) => ({
    cost: t.exposeInt('cost', { description: 'Cost of this request, known before it ran.' }),
    limit: t.exposeInt('limit', { description: 'What may be spent in a minute.' }),
    remaining: t.exposeInt('remaining', { description: 'What is left of it, this request already taken off.' }),
    resetAt: t.expose('resetAt', { type: 'DateTime', description: 'When the bucket is full again.' }),
  }),
})

builder.queryField('rateLimit', (t) =>
  t.field({
    description: 'What this request costs and what is left. It is free to ask.',
    type: RateLimitType,
    nullable: true,
    resolve: (_, __, { spent: { cost, budget } }) => budget && { cost, ...budget },
  }),
)
