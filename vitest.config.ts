import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Node's own. With vite's, our files would get graphql's development build and packages the other one: two realms.
const conditions = ['module-sync', 'node']

// A file that asks for a database runs once on each of the two.
const files = globSync('tests/**/*.test.{ts,tsx}', { exclude: ['tests/e2e/**'] })
const asksForDatabase = (file: string) =>
  /support\/(app|databases|server-process)\.ts'/.test(readFileSync(file, 'utf8'))
const integration = files.filter(asksForDatabase)
const unit = files.filter((file) => !asksForDatabase(file))

export default defineConfig({
  resolve: { alias: { '~': new URL('./web/app', import.meta.url).pathname } },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Each worker holds a server and perhaps a whole database.
    maxWorkers: Math.min(4, Math.max(2, availableParallelism() - 1)),
    // What is left to chance on a machine that others load too. The run's last lines name each test that needed it.
    retry: process.env.CI ? 2 : 0,
    // What is waited for takes its time there, too; the usual second is a guess about the machine.
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', './tests/support/closing-line-reporter.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: unit } },
      {
        extends: true,
        test: {
          name: 'pglite',
          include: integration,
          globalSetup: './tests/support/embedded-template.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: integration,
          globalSetup: './tests/support/postgres-template.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 }, // a browser and two busy workers would fight for the machine
        },
      },
    ],
  },
})
