import { AppError } from '../errors.ts'
import type { ToolCall } from '../runs/tool-call.entity.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'

/** A part of a call's result, known by its place. */
export type PartOfResult = NonNullable<ToolCall['resultParts']>[number] & { callId: string; place: number }

/** Each may have a megabyte. */
const imagesPerRequest = 20

const Kind = builder.enumType('ToolResultPartKind', {
  description: 'What a part of a result is.',
  values: {
    IMAGE: { description: 'A picture.' },
    AUDIO: { description: 'Something to be heard. It is named, not kept.' },
    LINK: { description: 'The address of something that the tool has elsewhere.' },
    FILE: { description: 'A file; what it says, if it is text, is part of `resultText`.' },
  } as const,
})

export const ToolResultPart = builder.objectRef<PartOfResult>('ToolResultPart').implement({
  description: 'What the result of a tool call has besides text.',
  fields: (t) => ({
    kind: t.expose('kind', { type: Kind, description: 'What it is.' }),
    title: t.exposeString('title', { nullable: true, description: 'What the tool calls it.' }),
    uri: t.exposeString('uri', {
      nullable: true,
      description: 'Its address, as the tool gave it. It may be anything: show it as text, do not open it unasked.',
    }),
    mimeType: t.exposeString('mimeType', { nullable: true, description: 'Its media type.' }),
    bytes: t.exposeInt('bytes', { nullable: true, description: 'How large it is, when it came along.' }),
    image: t.string({
      nullable: true,
      description:
        'An image as base64: a PNG, JPEG, GIF or WebP of `mimeType`, looked at, at most 1 MiB for all of a result. Null for everything else. At most 20 in one request.',
      resolve: (part, _, context) => imageOf(part, context),
    }),
  }),
})

/** All of them of one call, in order. */
export function partsOf({ id, resultParts }: ToolCall): PartOfResult[] {
  return (resultParts ?? []).map((part, place) => ({ ...part, callId: id, place }))
}

const asked = new WeakMap<Request, number>()

async function imageOf(
  { kind, callId, place }: PartOfResult,
  { em, viewer, request }: Context,
): Promise<string | null> {
  if (kind !== 'IMAGE') return null
  const count = (asked.get(request) ?? 0) + 1
  asked.set(request, count)
  if (count > imagesPerRequest)
    throw new AppError('QUERY_TOO_COMPLEX', `A request is given ${imagesPerRequest} images at most.`, {
      ...{ limitName: 'images', limit: imagesPerRequest, actual: count },
    })
  const [row] = await em.execute<{ image: string | null }[]>(
    'select result_images ->> cast(? as int) as image from tool_call where id = ? and user_id = ?',
    [place, callId, viewer.id],
  )
  return row?.image ?? null
}
