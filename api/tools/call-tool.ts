import type { Limits } from '../limits.ts'
import { type CallOptions, ConnectionProblem, type Progress } from './mcp-client.ts'
import type { SchemaCheck } from './schema-checks.ts'
import { storableText } from './storable.ts'
import { badResult, failed, type RawResult, toToolResult } from './tool-result.ts'
import type { ToolProgress, ToolResult, ToolSpec } from './toolbox.ts'

export type CallLimits = Pick<Limits, 'toolSeconds' | 'toolTotalSeconds' | 'toolReadBytes'>

/** Makes the call, wherever the tool is. Rejects with ConnectionProblem. */
export type Send = (name: string, args: Record<string, unknown>, options: CallOptions) => Promise<RawResult>

/** Beyond this a timer would go off at once. */
const longestTimer = 2 ** 31 - 1

/** A tool may tell so much at once, and then so often: nobody reads faster. */
const progressBurst = 20
const progressEveryMs = 100

/**
 * Calls a tool and waits no longer than it may take: for a sign of life, and in all. Keeps the promise of `Toolbox.call`.
 * When it gives up, or the signal aborts, the server is told; what comes later is dropped.
 */
export async function callTool(
  send: Send,
  spec: ToolSpec,
  output: SchemaCheck | null,
  limits: CallLimits,
  args: Record<string, unknown>,
  signal: AbortSignal,
  onProgress: (progress: ToolProgress) => void = () => {},
): Promise<ToolResult> {
  // The server is told the reason of this one, which says nothing; and nothing stays behind on the signal of a long run.
  const giveUp = new AbortController()
  let late: string | null = null
  const cancel = () => giveUp.abort('The call was cancelled.')
  const timer = (seconds: number, words: string) =>
    setTimeout(
      () => {
        late ??= words
        cancel()
      },
      Math.min(seconds * 1_000, longestTimer),
    )
  const idle = timer(limits.toolSeconds, `did not answer within ${limits.toolSeconds} s`)
  const total = timer(limits.toolTotalSeconds, `was still at work after ${limits.toolTotalSeconds} s`)
  const paced = atMostNow(onProgress)
  signal.addEventListener('abort', cancel)
  try {
    const raw = await Promise.race([
      send(spec.name, args, {
        signal: giveUp.signal,
        onProgress(progress) {
          if (giveUp.signal.aborted) return
          idle.refresh()
          paced(progressOf(progress))
        },
      }),
      aborted(giveUp.signal),
    ])
    return toToolResult(raw, output, limits.toolReadBytes)
  } catch (error) {
    signal.throwIfAborted()
    const doubt = spec.readOnly ? '' : ' It may have taken effect all the same.'
    if (late) return failed('TOOL_TIMEOUT', `${spec.calledAs} ${late}.${doubt}`)
    return unanswered(error, spec.calledAs, doubt)
  } finally {
    signal.removeEventListener('abort', cancel)
    clearTimeout(idle)
    clearTimeout(total)
  }
}

/** The call itself went wrong, not the tool's work. */
function unanswered(error: unknown, calledAs: string, doubt: string): ToolResult {
  if (!(error instanceof ConnectionProblem)) {
    console.error(`tools: ${calledAs}: ${String(error).slice(0, 500)}`)
    return failed('TOOL_FAILED', `${calledAs} failed.${doubt}`)
  }
  const { kind, message } = error
  switch (kind) {
    case 'lost':
    case 'cut':
      return failed('TOOL_UNAVAILABLE', `${calledAs} cannot be used right now. ${message}${doubt}`)
    case 'not-run':
    case 'unauthorized':
      return failed('TOOL_UNAVAILABLE', `${calledAs} cannot be used right now. ${message}`)
    case 'unreadable':
      return badResult(message)
    case 'bad-arguments':
      return failed('TOOL_BAD_ARGUMENTS', message)
    case 'refused':
      return failed('TOOL_FAILED', message)
    default:
      return kind satisfies never
  }
}

/** Some ways to a server do not hear of a signal before they have begun. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Passes on what comes, unless it is too much: then what is in between is left out. */
function atMostNow(tell: (progress: ToolProgress) => void): (progress: ToolProgress) => void {
  let left = progressBurst
  let since = Date.now()
  return (progress) => {
    const now = Date.now()
    left = Math.min(progressBurst, left + (now - since) / progressEveryMs)
    since = now
    if (left < 1) return
    left--
    tell(progress)
  }
}

function progressOf({ progress, total, message }: Progress): ToolProgress {
  return {
    progress,
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message: storableText(message.slice(0, 500)) }),
  }
}
