import { createHash } from 'node:crypto'

const maxLength = 64
const hashLength = 10

/** Names that need no change: from each, server and tool can be told apart again, and none looks like one with a hash. */
const clearServer = /^[A-Za-z0-9-]+(_[A-Za-z0-9-]+)*$/
const clearTool = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/
const hashed = /_[0-9a-f]{10}$/

/**
 * The name by which a model calls a tool of a server: `server__tool`, in letters that every model takes and at most 64
 * of them. It depends on nothing but the two names, so it is the same whatever else is connected, and when. Two that
 * would come out alike, or too long, carry a hash of both. Built-in tools have no `__`, so no server can take their names.
 */
export function nameForModel(server: string, tool: string): string {
  const plain = `${server}__${tool}`
  if (clearServer.test(server) && clearTool.test(tool) && !hashed.test(tool) && plain.length <= maxLength) return plain
  const hash = createHash('sha256').update(`${server}\0${tool}`).digest('hex').slice(0, hashLength)
  const written = `${lettersOf(server)}__${lettersOf(tool) || 'tool'}`.slice(0, maxLength - hashLength - 1)
  return `${written}_${hash}`
}

const lettersOf = (name: string) => name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
