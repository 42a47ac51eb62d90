import { Attachment } from '../conversations/attachment.entity.ts'
import { publicId } from '../ids.ts'
import { builder } from './builder.ts'

builder.objectType(Attachment, {
  name: 'Attachment',
  description: 'A file that was sent with a message. Upload one by `POST /attachments`, then name it in `sendMessage`.',
  interfaces: [builder.nodeInterfaceRef()],
  isTypeOf: (value) => value instanceof Attachment,
  fields: (t) => ({
    id: t.id({ description: 'The id of the file: `att_…`.', resolve: (it) => publicId('att', it.id) }),
    name: t.exposeString('name', { description: 'As the file was called. Never use it as a path.' }),
    mediaType: t.exposeString('mediaType', { description: 'What it is, by its bytes: `image/png`, `text/plain` …' }),
    size: t.exposeInt('size', { description: 'Its length in bytes.' }),
    url: t.string({
      nullable: true,
      description: 'Where to read it without a credential, for an hour at least. Null until it was uploaded.',
      resolve: (it, _, { links }) => (it.uploadedAt ? links.read(it) : null),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})
