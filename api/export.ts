import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { createDatabase, type Database } from './database/database.ts'
import { asText } from './transfer/endpoint.ts'
import { countExported, exportLines } from './transfer/export.ts'
import { exportMarkdown } from './transfer/markdown.ts'

const usage = 'npm run export -- --user <e-mail> --out <file> [--format jsonl|markdown]'

/** Writes all conversations of a user to a file. With the embedded database only while no server uses it. */
async function main(args: string[]): Promise<void> {
  const { user, out, format } = parseArgs({
    args,
    options: { user: { type: 'string' }, out: { type: 'string' }, format: { type: 'string', default: 'jsonl' } },
  }).values
  if (!user || !out || !['jsonl', 'markdown'].includes(format)) throw new Error(usage)
  const database = await createDatabase(readConfig(process.env))
  try {
    await database.migrate()
    await write(database, await userIdOf(database, user), out, format === 'jsonl')
  } finally {
    await database.close()
  }
}

async function write({ units }: Database, id: string, out: string, lossless: boolean): Promise<void> {
  const viewer = { id, scopes: [] }
  const total = await countExported(units.as(viewer), viewer)
  const progress = (done: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} conversations`)
  }
  const pieces = lossless
    ? asText(exportLines(units, viewer, { progress }))
    : exportMarkdown(units, viewer, { progress })
  await pipeline(Readable.from(pieces), createWriteStream(out))
  console.error(`${process.stderr.isTTY ? '\r' : ''}${total} of ${total} conversations: ${out}`)
}

async function userIdOf({ orm }: Database, email: string): Promise<string> {
  const rows = await orm.em
    .fork()
    .execute<{ id: string }[]>('select id from auth_user where email = ?', [email.toLowerCase()])
  if (!rows[0]) throw new Error(`There is nobody with the address ${email}.`)
  return rows[0].id
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
