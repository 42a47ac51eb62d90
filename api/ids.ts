import { fromString, fromUUID, toUUID } from 'typeid-js'

const kinds = ['conv', 'msg', 'run', 'call', 'task', 'user', 'key', 'att'] as const

/** The kinds of public ids: each object has one id outside, `kind_…`, over the UUID v7 that the database knows. */
export type IdKind = (typeof kinds)[number]

/** The public id of a row, as a TypeID (github.com/jetify-com/typeid, spec 0.3). */
export function publicId(kind: IdKind, uuid: string): string {
  return fromUUID(uuid, kind)
}

/** The row id behind a public id; null when it is malformed or of another kind. Never throws. */
export function internalId(kind: IdKind, id: string): string | null {
  const parsed = parsePublicId(id)
  return parsed?.kind === kind ? parsed.uuid : null
}

/** Kind and row id of any public id; null when it is malformed. Never throws. */
export function parsePublicId(id: string): { kind: IdKind; uuid: string } | null {
  const [, prefix, suffix] = /^([a-z]+)_([0-7][0-9a-hjkmnp-tv-z]{25})$/.exec(id) ?? []
  const kind = kinds.find((it) => it === prefix)
  const uuid = kind && suffix ? uuidOf(`${kind}_${suffix}`) : null
  return kind && uuid !== null ? { kind, uuid } : null
}

/** Null for what has the form of an id, but of no UUID: its version is none that there is. */
function uuidOf(id: string): string | null {
  try {
    return toUUID(fromString(id))
  } catch {
    return null
  }
}
