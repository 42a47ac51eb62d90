import { ApiKey } from '../auth/api-key.entity.ts'
import { createApiKey, findApiKey, listApiKeys, revokeApiKey } from '../auth/api-keys.ts'
import { notFound } from '../errors.ts'
import { publicId } from '../ids.ts'
import { idempotent } from '../runs/idempotency.ts'
import { builder } from './builder.ts'
import { rowId } from './node.ts'
import { User } from './user.ts'

builder.objectType(ApiKey, {
  name: 'ApiKey',
  description:
    'A credential for a program: sent as `Authorization: Bearer parley_…` or as `x-api-key`. It can do what its scopes say, and never sees or changes keys.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => value instanceof ApiKey,
  fields: (t) => ({
    id: t.id({
      description: 'The id of the key: `key_…`. It opens nothing.',
      resolve: (key) => publicId('key', key.id),
    }),
    name: t.exposeString('name', { description: 'What it is for, in the words of who made it.' }),
    start: t.exposeString('start', { description: 'The first characters, to recognise it by.' }),
    scopes: t.stringList({ description: 'What it may do.', resolve: (key) => key.scopes }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From when on it opens nothing.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null when never.',
    }),
  }),
})

builder.objectField(User, 'apiKeys', (t) =>
  t.field({
    description: 'Their API keys, the newest first. Only with a session: a key does not see keys.',
    type: [ApiKey],
    nullable: true,
    resolve: (_, __, { em, viewer }) => listApiKeys(em, viewer),
  }),
)

builder.relayMutationField(
  'createApiKey',
  {
    description: 'What the key is for, and what it may do.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: '1 to 100 characters, to recognise it by.' }),
      scopes: t.stringList({
        required: true,
        description:
          'At least one of `conversations:read`, `conversations:write`, `runs:write`, `tasks:read`, `tasks:write`. Who may have messages answered (`runs:write`) lets the assistant work on the tasks, too.',
      }),
      expiresInDays: t.int({
        required: true,
        defaultValue: 90,
        description: 'After how many days it opens nothing any more: 1 to 365.',
      }),
      idempotencyKey: t.string({
        description:
          '8 to 128 printable ASCII characters. The same key again makes no second API key; but the first one cannot be shown again, so `key` is then empty.',
      }),
    }),
  },
  {
    nullable: true,
    description: 'Makes an API key. Only with a session; 20 keys at most, else QUOTA_EXCEEDED.',
    resolve: (_, { input: { idempotencyKey: key, ...input } }, { em, viewer, bell, limits }) =>
      idempotent(em, viewer, bell, {
        key,
        operation: 'createApiKey',
        input,
        work: (em) => createApiKey(em, viewer, input, limits),
        idsOf: ({ apiKey }) => ({ id: apiKey.id }),
        again: async (em, { id = '' }) => {
          const apiKey = await findApiKey(em, viewer, id)
          if (!apiKey) throw notFound('API key')
          return { apiKey, key: '' }
        },
      }),
  },
  {
    description: 'What was made.',
    outputFields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key as it is listed.' }),
      key: t.exposeString('key', {
        description: 'The key itself: `parley_…`. It is shown this once; empty when an idempotency key was sent again.',
      }),
    }),
  },
)

builder.relayMutationField(
  'revokeApiKey',
  {
    description: 'Which key to revoke.',
    inputFields: (t) => ({ apiKeyId: t.id({ required: true, description: 'The key: `key_…`.' }) }),
  },
  {
    nullable: true,
    description:
      'Deletes a key. It opens nothing from now on; streams that it opened end within a minute. Only with a session.',
    resolve: async (_, { input: { apiKeyId } }, { em, viewer, forgetKeys }) => {
      await revokeApiKey(em, viewer, rowId('key', apiKeyId))
      forgetKeys()
      return apiKeyId
    },
  },
  {
    description: 'What went.',
    outputFields: (t) => ({ revokedId: t.id({ description: 'The id that no longer is.', resolve: (id) => id }) }),
  },
)
