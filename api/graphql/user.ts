import { publicId } from '../ids.ts'
import { builder } from './builder.ts'
import type { Person } from './context.ts'

export const User = builder.objectRef<Person>('User').implement({
  description: 'A person who signs in.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'email' in value,
  fields: (t) => ({
    id: t.id({ description: 'The id of the person: `user_…`.', resolve: (user) => publicId('user', user.id) }),
    name: t.exposeString('name', { description: 'What they want to be called.' }),
    email: t.exposeString('email', { description: 'The address that they sign in with.' }),
    scopes: t.stringList({
      description: 'What this credential may do. A signed-in person has all scopes.',
      resolve: (_, __, { viewer }) => [...viewer.scopes],
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    description: 'Who is asking: the person that the cookie or the token of this request belongs to.',
    type: User,
    resolve: (_, __, { viewer, userOf }) => userOf(viewer),
  }),
)
