import type { Run } from '../runs/run.entity.ts'
import { isPageTool } from '../tools/page-tools.ts'
import type {
  AssistantMessageItem,
  ClientToolCallItem,
  CustomTask,
  ItemUpdate,
  StructuredInputItem,
  ThreadEvent,
  WidgetItem,
} from './protocol.ts'
import { isAtWork, toolTask, type UsedTool, waits, workOf } from './tool-task.ts'
import { assistantItem, outputText, pageItem, type SaidMessage, widgetItem, workflowItem } from './translate.ts'
import type { ChatkitWords } from './words.ts'

/** What happened in a run, with what the event names as it is now. */
export type LoadedEvent =
  | { type: 'model.busy'; until: string }
  | { type: 'message.started' | 'message.reset' | 'message.completed'; message: SaidMessage }
  | { type: 'message.delta'; messageId: string; text: string }
  /** With all calls of the message, in order. `isEarlier`: it was said in another run. */
  | { type: 'tool-call.changed'; message: SaidMessage; calls: readonly UsedTool[]; isEarlier?: boolean }
  | { type: 'run.ended'; run: Pick<Run, 'status' | 'failure'> }

type Speaking = { item: AssistantMessageItem; shown: boolean; partOpen: boolean }
type CallItem = WidgetItem | ClientToolCallItem | StructuredInputItem
type Working = { tasks: CustomTask[]; ended: boolean }

/** The answer of one run in the words of ChatKit, for one reader from the first event on. It keeps no text. */
export class AnswerTranslation {
  readonly #words: ChatkitWords
  readonly #speaking = new Map<string, Speaking>()
  readonly #working = new Map<string, Working>()
  /** By call: its widget, or its question to the page, as the page has it. */
  readonly #shown = new Map<string, { id: string; text: string }>()
  /** What the page is asked once the run has ended well: until then such a call may still be refused. */
  readonly #asks = new Map<string, CallItem>()
  /** What the assistant is said to be doing. */
  #doing = ''

  constructor(words: ChatkitWords) {
    this.#words = words
  }

  /** Shown while nothing else is. */
  get thinking(): ThreadEvent {
    return { type: 'progress_update', text: this.#words.thinking }
  }

  /** For a reader who comes in later: these calls are on the page already, as they are here. */
  knows(message: SaidMessage, calls: readonly UsedTool[]): void {
    const tasks = calls.filter((call) => !isPageTool(call)).map((call) => toolTask(call, this.#words))
    this.#working.set(message.id, { tasks, ended: true })
    for (const call of calls) this.shows(call.id, widgetItem(message, call, this.#words) ?? pageItem(message, call))
  }

  /** The page has this item of the call, or (null) no more. */
  shows(callId: string, item: CallItem | null): void {
    if (item) this.#shown.set(callId, { id: item.id, text: JSON.stringify(item) })
    else this.#shown.delete(callId)
  }

  *translate(event: LoadedEvent): Generator<ThreadEvent, void> {
    switch (event.type) {
      case 'model.busy':
        return yield* this.#wait(Date.parse(event.until) - Date.now())
      case 'message.started':
        this.#speaking.set(event.message.id, { item: assistantItem(event.message), shown: false, partOpen: false })
        return
      case 'message.delta':
        return yield* this.#say(event.messageId, event.text)
      case 'message.reset':
        return yield* this.#startOver(event.message)
      case 'message.completed':
        return yield* this.#complete(event.message)
      case 'tool-call.changed':
        return yield* event.isEarlier
          ? this.#settle(event.message, event.calls)
          : this.#work(event.message, event.calls)
      case 'run.ended':
        return yield* this.#end(event.run)
      default:
        event satisfies never
    }
  }

  /** Who comes in later is not told of a wait that is over. */
  *#wait(milliseconds: number): Generator<ThreadEvent, void> {
    if (milliseconds <= 0) return
    yield* this.#progress(this.#words.busy(Math.ceil(milliseconds / 1_000)))
  }

  /** An item is announced with its first words: a turn that only calls tools says nothing. */
  *#say(messageId: string, text: string): Generator<ThreadEvent, void> {
    const speaking = this.#speaking.get(messageId)
    if (!speaking) return
    const { item } = speaking
    this.#doing = ''
    if (!speaking.shown) yield { type: 'thread.item.added', item }
    speaking.shown = true
    if (!speaking.partOpen)
      yield updated(item.id, {
        type: 'assistant_message.content_part.added',
        content_index: 0,
        content: outputText(''),
      })
    speaking.partOpen = true
    yield updated(item.id, { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: text })
  }

  *#startOver({ id }: SaidMessage): Generator<ThreadEvent, void> {
    const speaking = this.#speaking.get(id)
    if (!speaking?.shown) return
    speaking.partOpen = false
    yield { type: 'thread.item.replaced', item: speaking.item }
  }

  *#complete(message: SaidMessage): Generator<ThreadEvent, void> {
    const speaking = this.#speaking.get(message.id)
    this.#speaking.delete(message.id)
    const item = assistantItem(message, message.content)
    const content = outputText(message.content)
    if (message.content === '') {
      if (speaking?.shown) yield { type: 'thread.item.removed', item_id: item.id }
      return
    }
    if (speaking?.partOpen)
      yield updated(item.id, { type: 'assistant_message.content_part.done', content_index: 0, content })
    yield { type: 'thread.item.done', item }
  }

  *#work(message: SaidMessage, calls: readonly UsedTool[]): Generator<ThreadEvent, void> {
    if (calls.some((call) => !isPageTool(call))) yield* this.#showWorkflow(message, calls)
    const isDone = !calls.some(isAtWork)
    for (const call of calls)
      if (!isPageTool(call)) yield* this.#show(call.id, widgetItem(message, call, this.#words), isDone)
    const settled = !calls.some((call) => isAtWork(call) || waits(call))
    for (const call of calls.filter(isPageTool)) {
      const item = pageItem(message, call)
      const isAsked = item !== null && call.status === 'PENDING' && !this.#shown.has(call.id)
      if (isAsked) this.#asks.set(call.id, item)
      else this.#asks.delete(call.id)
      if (!isAsked) yield* this.#show(call.id, item, settled && call.status !== 'CANCELLED')
    }
    const atWork = calls.find(isAtWork)
    if (atWork) yield* this.#progress(this.#words.at(workOf(atWork, this.#words)))
    else if (settled && !calls.some((call) => call.status === 'CANCELLED' || call.status === 'PENDING'))
      yield* this.#progress(this.#words.thinking)
  }

  /** What waited for the page when the conversation went on: the page has it as it was. */
  *#settle(message: SaidMessage, calls: readonly UsedTool[]): Generator<ThreadEvent, void> {
    for (const call of calls) {
      const item = pageItem(message, call)
      if (!item || call.status !== 'CANCELLED' || this.#shown.has(call.id)) continue
      this.shows(call.id, item)
      yield { type: 'thread.item.replaced', item }
    }
  }

  *#progress(text: string): Generator<ThreadEvent, void> {
    if (text !== this.#doing) yield { type: 'progress_update', text }
    this.#doing = text
  }

  /** Announced as begun, however late this reader looks: whoever watches sees each task at work, then what came of it. */
  *#showWorkflow(message: SaidMessage, calls: readonly UsedTool[]): Generator<ThreadEvent, void> {
    const item = workflowItem(message, calls, this.#words)
    const { tasks } = item.workflow
    const begun = calls.filter((call) => !isPageTool(call)).map((call) => asBegun(call, this.#words))
    const told = this.#working.get(message.id) ?? { tasks: begun, ended: false }
    if (!this.#working.has(message.id))
      yield {
        type: 'thread.item.added',
        item: { ...item, workflow: { type: 'custom', tasks: told.tasks, expanded: false } },
      }
    const changed = [...changes(item.id, told.tasks, tasks)]
    yield* changed
    const atWork = calls.some(isAtWork)
    this.#working.set(message.id, { tasks, ended: told.ended || !atWork })
    if (atWork || (told.ended && changed.length === 0)) return
    yield { type: told.ended ? 'thread.item.replaced' : 'thread.item.done', item }
  }

  /** A new one comes behind the finished workflow, in the place that it has in lists. */
  *#show(callId: string, item: CallItem | null, mayBegin: boolean): Generator<ThreadEvent, void> {
    const told = this.#shown.get(callId)
    if (!item) {
      if (told) yield { type: 'thread.item.removed', item_id: told.id }
      this.#shown.delete(callId)
      return
    }
    if (told?.text === JSON.stringify(item) || (!told && !mayBegin)) return
    this.shows(callId, item)
    yield { type: told ? 'thread.item.replaced' : 'thread.item.done', item }
  }

  *#end({ status, failure }: Pick<Run, 'status' | 'failure'>): Generator<ThreadEvent, void> {
    // Words that no message holds in the end are gone after a reload, so they must not stay on the page.
    for (const { item, shown } of this.#speaking.values())
      if (shown) yield { type: 'thread.item.removed', item_id: item.id }
    this.#speaking.clear()
    if (status === 'COMPLETED') for (const [callId, item] of this.#asks) yield* this.#show(callId, item, true)
    if (status === 'COMPLETED' || status === 'STOPPED') return
    const message = failure ? this.#words.failure(failure) : this.#words.unfinished
    yield { type: 'error', code: 'custom', message, allow_retry: failure?.retryable ?? true }
  }
}

function updated(itemId: string, update: ItemUpdate): ThreadEvent {
  return { type: 'thread.item.updated', item_id: itemId, update }
}

function asBegun(call: UsedTool, words: ChatkitWords): CustomTask {
  return toolTask({ ...call, status: 'RUNNING', progress: null }, words)
}

function* changes(
  itemId: string,
  before: readonly CustomTask[],
  now: readonly CustomTask[],
): Generator<ThreadEvent, void> {
  for (const [index, task] of now.entries()) {
    const old = before[index]
    if (!old) yield updated(itemId, { type: 'workflow.task.added', task_index: index, task })
    else if (JSON.stringify(old) !== JSON.stringify(task))
      yield updated(itemId, { type: 'workflow.task.updated', task_index: index, task })
  }
}
