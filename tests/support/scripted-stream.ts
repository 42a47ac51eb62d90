import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { chatVoice } from './scripted-chat.ts'
import { responsesVoice } from './scripted-responses.ts'
import type { ScriptedCall, ScriptedUsage, Step, Turn } from './scripted-turns.ts'
import type { Issued, ProviderRequest, SpokenCall, Voice } from './scripted-voice.ts'

/** Plays one turn into one answer; resolves when it is over or the caller has gone. */
export async function writeTurn(
  turn: Turn,
  request: ProviderRequest,
  outgoing: ServerResponse,
  pass: (left: Promise<void>) => Promise<boolean>,
  issued: Issued,
): Promise<void> {
  if (turn.silent) return request.hungUp
  outgoing.writeHead(turn.status, turn.headers)
  if (turn.body !== undefined) return void outgoing.end(turn.body)
  outgoing.flushHeaders()
  const voice = request.api === 'chat' ? chatVoice(request, issued) : responsesVoice(request, issued)
  const write = (data: string | Uint8Array) => send(outgoing, Buffer.from(data), turn.bytewise ?? false)
  let usage: ScriptedUsage | null = { input: 10, output: 5 }
  // Who writes the events of an answer writes all of them.
  const written = turn.steps.filter((step) => 'raw' in step || 'event' in step || 'ends' in step)
  if (written.length < turn.steps.length || written.every((step) => 'ends' in step)) await write(voice.opens())
  for (const step of turn.steps) {
    if (outgoing.destroyed) return
    if ('pause' in step) {
      if (!(await pass(request.hungUp))) return
    } else if ('waits' in step) await wait(step.waits)
    else if ('usage' in step) usage = step.usage
    else if ('raw' in step) await write(step.raw)
    else if ('ends' in step) return end(step.ends)
    else await write(spoken(voice, step, issued))
  }
  return end('stop')

  async function end(how: Extract<Step, { ends: unknown }>['ends']): Promise<void> {
    if (how === 'never') return request.hungUp
    if (how === 'reset') return void outgoing.socket?.resetAndDestroy()
    if (how !== 'cleanly') await write(voice.ends(how, usage))
    outgoing.end()
  }
}

function spoken(voice: Voice, step: Step, issued: Issued): string {
  if ('text' in step) return voice.text(step.text)
  if ('refusal' in step) return voice.refusal(step.refusal)
  if ('thinks' in step) return voice.thinks(step.thinks)
  if ('call' in step) return voice.call(withEverything(step.call, issued))
  if ('event' in step) return voice.event(step.event)
  throw new Error(`unknown step ${JSON.stringify(step)}`)
}

function withEverything({ id, name, arguments: given = {} }: ScriptedCall, issued: Issued): SpokenCall {
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  return { id: id ?? `call_p${++issued.calls}`, name, arguments: text }
}

/** Waits until the system has taken it: what is written before a cut is on its way, and a caller that does not read holds the script up. */
async function send(outgoing: ServerResponse, bytes: Buffer, bytewise: boolean): Promise<void> {
  const pieces = bytewise ? Array.from(bytes, (byte) => Buffer.of(byte)) : [bytes]
  for (const piece of pieces) {
    if (outgoing.destroyed) return
    await new Promise<void>((resolve) => outgoing.write(piece, () => resolve()))
  }
}
