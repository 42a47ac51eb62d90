import type { SqlEntityManager } from '@mikro-orm/sql'
import { isWord } from './migrations/0001-search.ts'
import { quoted } from './roles.ts'

/**
 * Has search stem words as this language does. The columns are generated, so their expression cannot name another
 * configuration later: they name our own, `parley`, and it takes over the dictionaries of the language. Everything is
 * then read anew, once, in one transaction. Throws when the database does not know the language.
 */
export async function useSearchLanguage(em: SqlEntityManager, language: string): Promise<void> {
  const rows = await em.execute<{ name: string; current: string; owner: string }[]>(
    `select cfgname as name, obj_description('public.parley'::regconfig, 'pg_ts_config') as current, current_user as owner
     from pg_ts_config where cfgnamespace = 'pg_catalog'::regnamespace order by cfgname`,
  )
  const [first] = rows
  if (first?.current === language) return
  const names = rows.map(({ name }) => name)
  if (!first || !names.includes(language))
    throw new Error(`PARLEY_SEARCH_LANGUAGE: the database does not know ${language}, but ${names.join(', ')}.`)
  await em.transactional(async (em) => {
    for (const statement of [...(await dictionariesOf(em, language)), ...readAnew(first.owner)])
      await em.execute(statement)
    await em.execute(`comment on text search configuration "public"."parley" is '${language}'`)
  })
}

/** The same dictionaries for each kind of token. Both have PostgreSQL's default parser, as all built-in ones have. */
async function dictionariesOf(em: SqlEntityManager, language: string): Promise<string[]> {
  const rows = await em.execute<{ kind: string; dictionaries: string }[]>(
    `select t.alias as kind, string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno) as dictionaries
     from pg_ts_config c
     join pg_ts_config_map m on m.mapcfg = c.oid
     join ts_token_type(c.cfgparser) t on t.tokid = m.maptokentype
     where c.cfgname = ? and c.cfgnamespace = 'pg_catalog'::regnamespace group by t.alias`,
    [language],
  )
  return rows.map(
    ({ kind, dictionaries }) =>
      `alter text search configuration "public"."parley" alter mapping for ${kind} with ${dictionaries}`,
  )
}

function readAnew(owner: string): string[] {
  const triggers = (word: string) => ['conversation', 'message'].map((it) => `alter table "${it}" ${word} trigger user`)
  const words = (table: string) =>
    `select r.user_id, lexeme from "${table}" r, unnest(tsvector_to_array(r.search)) lexeme where ${isWord}`
  return [
    ...triggers('disable'),
    'set local role app_system', // the owner of the tables sees no rows
    'update "message" set "content" = "content"',
    'update "conversation" set "title" = "title"',
    'delete from "search_word"',
    `insert into "search_word" ("user_id", "word") ${words('message')} union ${words('conversation')}`,
    `set local role ${quoted(owner)}`,
    ...triggers('enable'),
  ]
}
