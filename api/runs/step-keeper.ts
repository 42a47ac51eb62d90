import type { SqlEntityManager } from '@mikro-orm/sql'
import { Message, type MessageStatus } from '../conversations/message.entity.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { CallKeeper } from './call-keeper.ts'
import { decided } from './decided-calls.ts'
import type { LoopEvent } from './loop.ts'
import type { Usage } from './model.ts'
import { nextSequence } from './next-sequence.ts'
import { Run, type RunStatus } from './run.entity.ts'
import type { FinishedEvent } from './run-event.ts'
import type { RunFailure } from './run-failure.ts'
import type { Recorder } from './run-log.ts'
import { ToolCall } from './tool-call.entity.ts'
import { added } from './usage.ts'

export type Outcome = {
  status: Extract<RunStatus, 'COMPLETED' | 'STOPPED' | 'FAILED' | 'INTERRUPTED'>
  failure?: RunFailure
}

/** Stores what the loop yields: what is finished first in the table, then told; deltas the other way round. */
export class StepKeeper {
  #recorder: Recorder
  #toolbox: Toolbox
  #calls: CallKeeper
  /** The message that is being said, and whether its start was told. */
  #speaking: { messageId: string; texts: string[] } | null = null
  #begun: string | undefined
  #usage: Usage | null

  /** `begun` is the message of a turn that was cut off: its start is in the log already. */
  constructor(
    recorder: Recorder,
    toolbox: Toolbox,
    past: { usage: Usage | null; open: readonly Pick<ToolCall, 'id' | 'server'>[]; begun?: string },
  ) {
    this.#recorder = recorder
    this.#toolbox = toolbox
    this.#usage = past.usage
    this.#begun = past.begun
    this.#calls = new CallKeeper(recorder, past.open)
  }

  /** The message of a turn that was cut off, as long as nothing of it is said again. */
  get cutOff(): string | undefined {
    return this.#begun
  }

  /** Text of the message that is being said; null when none is. */
  get saying(): string | null {
    return this.#speaking?.texts.join('') ?? null
  }

  async take(event: LoopEvent): Promise<void> {
    switch (event.type) {
      case 'model.busy':
        return this.#recorder.keep([{ type: event.type, until: inMilliseconds(event.milliseconds) }])
      case 'message.started':
        return this.#begin(event.messageId)
      case 'message.delta':
        this.#speaking?.texts.push(event.text)
        return this.#recorder.tell(event.messageId, event.text)
      case 'usage':
        this.#usage = added(this.#usage, event.usage)
        return
      case 'message.completed':
        return this.#complete(event)
      case 'tool-call.waits':
        return this.#calls.change(event.callId, { status: 'AWAITING_APPROVAL' })
      case 'tool-call.started':
        return this.#calls.change(event.callId, { status: 'RUNNING', startedAt: new Date() })
      case 'tool-call.progress':
        return this.#calls.progress(event.callId, event.progress)
      case 'tool-call.finished':
        return this.#calls.finish(event.callId, event.result)
      default:
        event satisfies never
    }
  }

  /** Calls of which nobody knows whether they took effect. */
  unknown(calls: readonly ToolCall[]): Promise<void> {
    return this.#calls.unknown(calls)
  }

  /** What people decided while the run was held is told now. */
  hearDecisions(em: SqlEntityManager): Promise<void> {
    return this.#calls.hearDecisions(em)
  }

  /**
   * Lets go of the run until a person has decided about every call that waits: 'waits'. Else it is still held: one was
   * 'decided' meanwhile, or the run is to be 'stopped'.
   */
  async wait(): Promise<'waits' | 'decided' | 'stopped'> {
    const { id, userId } = this.#recorder.run
    let found: 'waits' | 'decided' | 'stopped' = 'waits'
    await this.#recorder.keep([], async (em) => {
      const toBeStopped = await em.count(Run, { id, userId, stopRequestedAt: { $ne: null } })
      found = toBeStopped ? 'stopped' : (await em.count(ToolCall, decided(id, userId))) ? 'decided' : 'waits'
      if (found !== 'waits') return
      await em.nativeUpdate(Run, { id, userId }, { status: 'AWAITING_APPROVAL', ownerId: null, leaseUntil: null })
      await this.#touch(em, 1)
    })
    return found
  }

  /** The unfinished message starts over. */
  async reset(messageId: string): Promise<void> {
    await this.#recorder.keep([{ type: 'message.reset', messageId }])
  }

  /** The last step: what is open is closed, the run ends, `andThen` starts what waits, all in one commit. */
  async end(outcome: Outcome, andThen: (em: SqlEntityManager) => Promise<void>): Promise<void> {
    const speaking = this.#speaking
    const cancelled = this.#calls.leftOver(outcome.status === 'COMPLETED')
    const events: FinishedEvent[] = [
      ...(speaking ? [{ type: 'message.completed' as const, messageId: speaking.messageId }] : []),
      ...cancelled.map((toolCallId) => ({ type: 'tool-call.changed' as const, toolCallId })),
      { type: 'run.ended' },
    ]
    const { id, userId } = this.#recorder.run
    await this.#recorder.keep(events, async (em) => {
      if (speaking) {
        const status: MessageStatus =
          outcome.status === 'COMPLETED' ? 'COMPLETE' : outcome.status === 'STOPPED' ? 'STOPPED' : 'INTERRUPTED'
        await em.nativeUpdate(Message, { id: speaking.messageId, userId }, { content: speaking.texts.join(''), status })
      }
      const error = { code: 'TOOL_CANCELLED', message: 'It was stopped before it ended.' }
      await em.nativeUpdate(
        ToolCall,
        { id: { $in: cancelled }, userId },
        { status: 'CANCELLED', error, finishedAt: new Date() },
      )
      const { status, failure = null } = outcome
      const released = { ownerId: null, leaseUntil: null, finishedAt: new Date() }
      await em.nativeUpdate(Run, { id, userId }, { status, failure, usage: this.#usage, ...released })
      await this.#touch(em, 1)
      await andThen(em)
    })
  }

  /** A turn that begins: its row, and the word of it, before the first delta. */
  async #begin(messageId: string): Promise<void> {
    this.#speaking = { messageId, texts: [] }
    const wasTold = this.#begun === messageId
    this.#begun = undefined
    if (wasTold) return
    const { id: runId, userId, conversationId } = this.#recorder.run
    await this.#recorder.keep([{ type: 'message.started', messageId }], async (em) => {
      const sequence = await nextSequence(em, { conversationId, userId })
      em.create(Message, {
        id: messageId,
        userId,
        conversationId,
        runId,
        sequence,
        role: 'ASSISTANT',
        status: 'STREAMING',
      })
      await em.flush()
    })
  }

  async #complete({ messageId, text, calls, turn }: Extract<LoopEvent, { type: 'message.completed' }>): Promise<void> {
    const { id: runId, userId, conversationId } = this.#recorder.run
    const tools = new Map(this.#toolbox.offered().map((tool) => [tool.calledAs, tool]))
    const subjects = await Promise.all(
      calls.map((call) => this.#toolbox.subject({ calledAs: call.name, argumentsText: call.arguments })),
    )
    const events: FinishedEvent[] = [
      { type: 'message.completed', messageId },
      ...calls.map(({ callId }) => ({ type: 'tool-call.changed' as const, toolCallId: callId })),
    ]
    await this.#recorder.keep(events, async (em) => {
      const said = { content: text, status: 'COMPLETE' as const, reasoning: turn.reasoning ?? null }
      await em.nativeUpdate(Message, { id: messageId, userId }, said)
      calls.forEach(({ callId, id, name, arguments: argumentsText }, position) => {
        const tool = tools.get(name)
        em.create(ToolCall, {
          ...{ id: callId, userId, conversationId, runId, messageId, position, status: 'PENDING' as const },
          ...{ providerId: id.slice(0, 200), calledAs: name.slice(0, 200), argumentsText },
          ...{ name: tool?.name ?? name.slice(0, 200), server: tool?.server ?? 'unknown', title: tool?.title ?? null },
          subject: subjects[position] ?? null,
        })
      })
      await em.flush()
      await em.nativeUpdate(Run, { id: runId, userId }, { usage: this.#usage, fruitless: 0 })
      await this.#touch(em, 0)
    })
    this.#speaking = null
    for (const { callId, name } of calls) this.#calls.opens({ id: callId, server: tools.get(name)?.server ?? '' })
  }

  /** Something was said; the end of the run is a new revision of the conversation besides. */
  async #touch(em: SqlEntityManager, revisions: number): Promise<void> {
    const { conversationId, userId } = this.#recorder.run
    await em.execute('update conversation set updated_at = ?, revision = revision + ? where id = ? and user_id = ?', [
      new Date(),
      revisions,
      conversationId,
      userId,
    ])
  }
}

const inMilliseconds = (ms: number) => new Date(Date.now() + ms).toISOString()
