import type { SqlEntityManager } from '@mikro-orm/sql'
import { isPageTool } from '../tools/page-tools.ts'
import type { ToolProgress, ToolResult } from '../tools/toolbox.ts'
import { afterDecision, decided } from './decided-calls.ts'
import { Run } from './run.entity.ts'
import type { Recorder } from './run-log.ts'
import { ToolCall, type ToolCallStatus } from './tool-call.entity.ts'

const progressEveryMs = 500

/** Stores each step of a run's calls, then tells it, and knows which of them are not finished. */
export class CallKeeper {
  #recorder: Recorder
  #open = new Set<string>()
  /** Those of them that the page answers: they outlast a run that ends well. */
  #forPage = new Set<string>()
  #progressAt = new Map<string, number>()

  constructor(recorder: Recorder, open: readonly Pick<ToolCall, 'id' | 'server'>[]) {
    this.#recorder = recorder
    for (const call of open) this.opens(call)
  }

  /** What is cancelled when the run ends. */
  leftOver(endsWell: boolean): string[] {
    return [...this.#open].filter((id) => !endsWell || !this.#forPage.has(id))
  }

  /** A call that is not finished. */
  opens(call: Pick<ToolCall, 'id' | 'server'>): void {
    this.#open.add(call.id)
    if (isPageTool(call)) this.#forPage.add(call.id)
  }

  /** Calls of which nobody knows whether they took effect. */
  async unknown(calls: readonly ToolCall[]): Promise<void> {
    for (const { id } of calls) {
      const message = 'The server died while this tool was at work: whether it took effect is not known.'
      const error = { code: 'TOOL_OUTCOME_UNKNOWN', message }
      await this.change(id, { status: 'OUTCOME_UNKNOWN', error, finishedAt: new Date() })
      this.#open.delete(id)
    }
  }

  /** What people decided while the run was held is told now. */
  async hearDecisions(em: SqlEntityManager): Promise<void> {
    const { id, userId } = this.#recorder.run
    for (const call of await em.find(ToolCall, decided(id, userId))) {
      if (call.decision === 'DENY') this.#open.delete(call.id)
      await this.change(call.id, afterDecision(call.decision))
    }
  }

  /** Told so often as somebody could read it. */
  async progress(callId: string, progress: ToolProgress): Promise<void> {
    if (Date.now() - (this.#progressAt.get(callId) ?? 0) < progressEveryMs) return
    this.#progressAt.set(callId, Date.now())
    await this.change(callId, { progress })
  }

  async finish(callId: string, result: ToolResult): Promise<void> {
    const finishedAt = new Date()
    await (result.ok
      ? this.change(callId, {
          status: 'SUCCEEDED',
          result: result.structured ?? null,
          resultText: result.text,
          ...(result.parts && {
            resultParts: result.parts.map(({ data: _, ...part }) => part),
            resultImages: result.parts.map(({ data = null }) => data),
          }),
          finishedAt,
        })
      : this.change(callId, {
          ...{ status: 'FAILED', resultText: result.text, finishedAt },
          error: { code: result.code, message: result.message },
        }))
    this.#open.delete(callId)
  }

  /** Stores what changed of a call, and tells it. */
  change(callId: string, change: Partial<Pick<ToolCall, ChangedByStep>> & { status?: ToolCallStatus }): Promise<void> {
    const { id: runId, userId } = this.#recorder.run
    return this.#recorder.keep([{ type: 'tool-call.changed', toolCallId: callId }], async (em) => {
      await em.nativeUpdate(ToolCall, { id: callId, userId }, change)
      if (change.finishedAt) await em.nativeUpdate(Run, { id: runId, userId }, { fruitless: 0 })
    })
  }
}

type ChangedByStep =
  | 'result'
  | 'resultText'
  | 'resultParts'
  | 'resultImages'
  | 'error'
  | 'progress'
  | 'startedAt'
  | 'finishedAt'
