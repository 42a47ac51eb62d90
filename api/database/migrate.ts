import { readConfig } from '../config.ts'
import { createDatabase } from './database.ts'

/** Brings the tables up to date and ends: for deployments that do this before the servers start. */
try {
  const database = await createDatabase(readConfig(process.env))
  await database.migrate().finally(() => database.close())
  console.log('The tables are up to date.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
