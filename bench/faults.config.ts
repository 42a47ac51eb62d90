import { defineConfig } from 'vitest/config'
import tests from '../vitest.config.ts'

/**
 * `npm run bench:faults`: the faults of the tests in earnest, with the usual leases. 100 kills on each database, 1,000 cut
 * lines between readers and three programs, and as many steps in random order. It takes the better part of an hour.
 */
const faults = { kills: 100, cuts: 1_000 }

const suite = (name: string, globalSetup: string[], ...include: string[]) => ({
  extends: true as const,
  test: { name, include, globalSetup, provide: { faults }, fileParallelism: false },
})

export default defineConfig({
  resolve: tests.resolve ?? {},
  ssr: tests.ssr ?? {},
  test: {
    maxWorkers: 2,
    projects: [
      suite('streams', [], 'tests/cutting.test.ts', 'bench/streams.test.ts'),
      suite(
        'pglite',
        ['./tests/support/embedded-template.ts'],
        'tests/kill-rounds.test.ts',
        'tests/random-order.test.ts',
      ),
      suite(
        'postgres',
        ['./tests/support/postgres-template.ts'],
        'tests/kill-rounds.test.ts',
        'tests/random-order.test.ts',
      ),
    ],
  },
})
