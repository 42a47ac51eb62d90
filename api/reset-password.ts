import { createAuth } from './auth/auth.ts'
import { readConfig } from './config.ts'
import { createDatabase } from './database/database.ts'

const usage = 'npm run reset-password -- <e-mail>'

/**
 * Prints a link with which the holder of an account chooses a new password: for servers that send no mail. With the
 * embedded database only while no server uses it; the link is good for the server that is started afterwards.
 */
async function main([email, ...more]: string[]): Promise<void> {
  if (!email || more.length > 0) throw new Error(usage)
  const config = readConfig(process.env)
  const database = await createDatabase(config)
  try {
    await database.migrate()
    const { resetLinkFor } = await createAuth(config, database.orm.em, database.units)
    const link = await resetLinkFor(email)
    if (!link) throw new Error(`There is nobody with the address ${email}.`)
    console.log(`Good for half an hour, once, for a new password of ${email}:\n\n  ${link}\n`)
  } finally {
    await database.close()
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
