import { defineEntity, p } from '@mikro-orm/core'
import { ownedTable } from '../auth/ownership.ts'

const schema = defineEntity({
  name: 'SearchWord',
  ...ownedTable('search_word'),
  indexes: [
    { name: 'search_word_idx', properties: ['userId', 'word'] },
    {
      name: 'search_word_trigram_idx',
      expression:
        'create index "search_word_trigram_idx" on "search_word" using gin ("user_id", "word" gin_trgm_ops) with (gin_pending_list_limit = 256)',
    },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    userId: p.uuid(),
    word: p.text(),
  },
})

/** A word that stands somewhere in a user's messages or titles. The database keeps them, by triggers: nobody writes here. */
export class SearchWord extends schema.class {}
schema.setClass(SearchWord)
