/** What the tables need for their search columns. `parley` takes the language later: see search-language.ts. */
export const searchPreparations = [
  'create extension if not exists "pg_trgm"',
  'create extension if not exists "btree_gin"',
  'create text search configuration "parley" (copy = pg_catalog.english)',
  `comment on text search configuration "parley" is 'english'`,
]

/**
 * The words that a user's messages and titles have, for finding what someone meant who typed another letter: trigrams of
 * some ten thousand words, not of a million texts. A word may be there twice: writers that look first and then insert
 * never wait for each other, as they would on a unique index.
 */
export const searchTables = [
  'create index "conversation_search_idx" on "conversation" using gin ("user_id", "search")',
  // What was written last is looked through one by one: little of it, and the index is chosen and stays fast.
  'create index "message_search_idx" on "message" using gin ("user_id", "search") with (gin_pending_list_limit = 256)',
  `create table "search_word" (
    "id" uuid not null default gen_random_uuid() primary key,
    "user_id" uuid not null,
    "word" text not null
  )`,
  'create index "search_word_idx" on "search_word" ("user_id", "word")',
  'create index "search_word_trigram_idx" on "search_word" using gin ("user_id", "word" gin_trgm_ops) with (gin_pending_list_limit = 256)',
]

/**
 * As the system and only for the user of the transaction: below row-level security no index on text can be used, because
 * its operators are not leakproof. Row ids and scores come out; texts are read as the user, through both walls.
 */
const asSystem = 'security definer set search_path = public, pg_temp'
const me = `nullif(current_setting('app.user_id', true), '')::uuid`

const quotedWord = String.raw`('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''')::tsquery`

/** SQL over `lexeme`: as the search columns have them; not those with digits and signs, which nobody mistypes by chance. */
export const isWord = `length(lexeme) between 3 and 40 and lexeme !~ '[0-9/._@:-]'`

const learn = `create function "search_learn"() returns trigger language plpgsql ${asSystem} as $$
  begin
    insert into search_word (user_id, word)
    select distinct r.user_id, lexeme from new_rows r, unnest(tsvector_to_array(r.search)) lexeme
    where ${isWord} and not exists (select from search_word w where w.user_id = r.user_id and w.word = lexeme)
    order by 1, 2;
    return null;
  end $$`

const relearn = `create function "search_relearn"() returns trigger language plpgsql ${asSystem} as $$
  begin
    insert into search_word (user_id, word)
    select new.user_id, lexeme from unnest(tsvector_to_array(new.search)) lexeme
    where ${isWord} and not exists (select from search_word w where w.user_id = new.user_id and w.word = lexeme)
    order by 2;
    perform search_forget_words(old.user_id, array(
      select unnest(tsvector_to_array(old.search)) except select unnest(tsvector_to_array(new.search))));
    return null;
  end $$`

/** What nobody wrote any more must not be kept either. */
const forgetWords = `create function "search_forget_words"("whose" uuid, "words" text[]) returns void language plpgsql ${asSystem} as $$
  begin
    delete from search_word w where w.user_id = whose and w.word = any (words)
      and not exists (select from message m where m.user_id = whose and m.search @@ ${quotedWord})
      and not exists (select from conversation c where c.user_id = whose and c.search @@ ${quotedWord});
  end $$`

const forget = `create function "search_forget"() returns trigger language plpgsql ${asSystem} as $$
  declare whose uuid; words text[];
  begin
    for whose, words in
      select r.user_id, array_agg(distinct lexeme) from old_rows r, unnest(tsvector_to_array(r.search)) lexeme group by 1
    loop
      perform search_forget_words(whose, words);
    end loop;
    return null;
  end $$`

/**
 * Messages that match, best first, behind a place if one is given. A title speaks for the first message below it. Of
 * words that stand nearly everywhere the first 2,000 matches and those among the newest 20,000 messages are compared.
 */
const hits = `create function "search_hits"("query" tsquery, "below" int, "below_id" uuid, "most" int)
  returns table ("message_id" uuid, "score" int, "titled" boolean)
  language plpgsql stable ${asSystem} set enable_seqscan = off set jit = off as $$
  declare me uuid := ${me};
  begin
    return query
    with found as (
      select m.id, m.search from message m
      where m.user_id = me and m.search @@ query and m.superseded_at is null and m.status <> 'STREAMING' limit 2000
    ), recent as (
      select r.id, r.search from (
        select m.id, m.search, m.superseded_at, m.status from message m where m.user_id = me order by m.id desc limit 20000
      ) r where (select count(*) from found) = 2000 and r.search @@ query and r.superseded_at is null and r.status <> 'STREAMING'
    ), named as (
      select first.id, c.search from (
        select c.id, c.search from conversation c where c.user_id = me and c.search @@ query limit 1000
      ) c cross join lateral (
        select m.id from message m where m.conversation_id = c.id and m.superseded_at is null and m.status <> 'STREAMING'
        order by m.sequence limit 1
      ) first
    ), matches as (
      select f.id, ts_rank(f.search, query, 1) as rank, false as titled from found f
      union all select r.id, ts_rank(r.search, query, 1), false from recent r
      union all select n.id, 5 * ts_rank(n.search, query, 1), true from named n
    ), ranked as (
      select m.id, round(max(m.rank) * 1000000)::int as score, not bool_or(not m.titled) as titled from matches m group by m.id
    )
    select r.id, r.score, r.titled from ranked r
    where below is null or (r.score, r.id) < (below, below_id)
    order by r.score desc, r.id desc limit most;
  end $$`

/** Words of the user that look like this one, the most similar first. */
const similar = `create function "search_similar"("wanted" text) returns setof text
  language plpgsql stable ${asSystem} set enable_seqscan = off set pg_trgm.similarity_threshold = 0.2 as $$
  begin
    return query
    select w.word from search_word w
    where w.user_id = ${me} and w.word % wanted and abs(length(w.word) - length(wanted)) <= 2
    group by w.word order by similarity(w.word, wanted) desc, w.word limit 60;
  end $$`

const signatures = [
  'search_learn()',
  'search_relearn()',
  'search_forget_words(uuid, text[])',
  'search_forget()',
  'search_hits(tsquery, int, uuid, int)',
  'search_similar(text)',
]

const triggers = ['conversation', 'message'].flatMap((table) => [
  `create trigger "${table}_learn" after insert on "${table}" referencing new table as new_rows
    for each statement execute function search_learn()`,
  `create trigger "${table}_relearn" after update on "${table}" for each row when (new.search <> old.search)
    execute function search_relearn()`,
  `create trigger "${table}_forget" after delete on "${table}" referencing old table as old_rows
    for each statement execute function search_forget()`,
])

export const searchFunctions = [
  learn,
  forgetWords,
  relearn,
  forget,
  hits,
  similar,
  ...triggers,
  // Whoever is to own a function must be allowed to make one, at that moment.
  'grant create on schema public to app_system',
  ...signatures.map((it) => `revoke execute on function ${it} from public`),
  ...signatures.slice(-2).map((it) => `grant execute on function ${it} to app_user`),
  ...signatures.map((it) => `alter function ${it} owner to app_system`),
  'revoke create on schema public from app_system',
]
