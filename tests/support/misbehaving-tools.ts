import { noAnswer, type ScriptedServer, type ScriptedTool, scriptedTools, text } from './scripted-tools.ts'

/** Names that are legal on one side and refused on the other, beside a good one. */
export const oddNames = ['admin.users.list', 'user/get', 'has space', 'süß', '', 'n'.repeat(130), 'good_one']

const questions = ['sampling/createMessage', 'roots/list', 'elicitation/create']

/** A tool server that does everything wrong that a server can do, the same over every transport. */
export function misbehavingServer(): ScriptedServer {
  const server: ScriptedServer = scriptedTools({ ...oddlyNamed(), ...misbehaving(() => server.heard) })
  return server
}

function oddlyNamed(): Record<string, ScriptedTool> {
  const tools = oddNames.map((name) => [name, { run: () => text(`This is ${JSON.stringify(name)}.`) }])
  return Object.fromEntries(tools)
}

const misbehaving = (heard: () => readonly object[]): Record<string, ScriptedTool> => ({
  wordy: { description: 'd '.repeat(200_000), run: () => text('short') },
  two_megabytes: { run: () => text('{"k":"vvvvvvvvvv"},'.repeat(120_000)) },
  half_a_megabyte: { run: () => text('x'.repeat(500_000)) },
  endless: { run: () => text('x'.repeat(17 * 1_048_576)) },
  half_a_character: { run: () => text('a\ud83d\0b') },
  poisoned: { run: () => ({ content: [], structuredContent: JSON.parse('{"__proto__":{"admin":true},"a":1}') }) },
  deep: { run: () => ({ content: [], structuredContent: nested(500) }) },
  no_result: { run: () => ({ content: 'sunny' }) },
  no_known_kind: { run: () => ({ content: [{ type: 'hologram' }] }) },
  empty: { run: () => ({}) },
  promised: {
    outputSchema: { type: 'object', properties: { sunny: { type: 'boolean' } }, required: ['sunny'] },
    run: () => ({ content: [], structuredContent: { sunny: 'yes' } }),
  },
  throws: {
    run: () => {
      throw new Error('boom')
    },
  },
  fails: { run: () => ({ isError: true, ...text('no such city') }) },
  address: {
    run: () => ({ content: [{ type: 'resource_link', name: 'page', uri: 'http://127.0.0.1:9/?secret=1' }] }),
  },
  silent: { run: () => noAnswer },
  reports: {
    run: async (_, { tell, signal }) => {
      for (let at = 1; at <= 80 && !signal.aborted; at++) {
        await tell({ progress: at })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return text('done')
    },
  },
  reports_for_ever: {
    run: async (_, { tell, signal }) => {
      for (let at = 1; !signal.aborted; at++) {
        await tell({ progress: at })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return text('too late')
    },
  },
  answers_twice: {
    run: async (_, { id, send }) => {
      await send({ id, result: text('first') })
      return text('second')
    },
  },
  answers_others: {
    run: async (_, { send }) => {
      for (const id of [999_999, 'x', -1]) await send({ id, result: text('not asked for') })
      await send({ method: 'notifications/progress', params: { progressToken: 'nobody', progress: 1 } })
      await send({ method: 'notifications/of/no/kind', params: { a: 1 } })
      return text('its own')
    },
  },
  asks: {
    run: async (_, { send }) => {
      for (const method of questions) await send({ id: method, method, params: {} })
      const refused = () => heard().filter((it) => 'error' in it).length
      while (refused() < questions.length) await new Promise((resolve) => setTimeout(resolve, 10))
      return text('all refused')
    },
  },
})

function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? {} : { inside: nested(depth - 1) }
}
