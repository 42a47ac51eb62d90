import { readConfig } from '../config.ts'
import { prepareDatabase } from './preparation.ts'

/** `npm run db:prepare -- <URL of an administrator>`: run once, before the first start on a PostgreSQL server. */
const [adminUrl] = process.argv.slice(2)
try {
  const { databaseUrl } = readConfig(process.env)
  if (!databaseUrl) throw new Error('Set DATABASE_URL to what the server shall use: that is what gets prepared.')
  if (!adminUrl || !URL.canParse(adminUrl))
    throw new Error('Usage: npm run db:prepare -- postgresql://<administrator>:<password>@<host>/postgres')
  await prepareDatabase(adminUrl, databaseUrl)
  console.log('The database of DATABASE_URL is ready. The tables are made at the first start.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
