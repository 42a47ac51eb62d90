import type { ModelCall } from '../model.ts'
import { storable } from './speech.ts'

/** A call as far as the wire told it. */
export type HeardCall = { id?: string | undefined; name?: string | undefined; arguments?: string | undefined }

const longest = 200

/** The calls of one turn with everything that they need: each has an id of its own, no text holds what cannot be stored. */
export function finishedCalls(heard: readonly HeardCall[]): ModelCall[] {
  const given = new Set(heard.map((call) => call.id))
  const taken = new Set<string>()
  return heard.map(({ id = '', name = '', arguments: text = '' }, at) => {
    const free = storable(id) === id && id !== '' && id.length <= longest && !taken.has(id)
    const own = free ? id : madeUpId(at, (it) => given.has(it) || taken.has(it))
    taken.add(own)
    return { id: own, name: storable(name.slice(0, longest)), arguments: storable(text) }
  })
}

function madeUpId(at: number, taken: (id: string) => boolean): string {
  let number = at + 1
  while (taken(`call_${number}`)) number++
  return `call_${number}`
}
