import type { Rates } from '../auth/rates.ts'
import { requireScopes } from '../auth/require-scopes.ts'
import type { Units } from '../auth/units.ts'
import type { Scope, Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import type { AttachmentLinks } from '../conversations/attachment-links.ts'
import { announceAttachment, deleteDraft } from '../conversations/attachments.ts'
import { ownConversation, updateConversation } from '../conversations/conversations.ts'
import { publicId } from '../ids.ts'
import type { Limits } from '../limits.ts'
import type { Model } from '../runs/model.ts'
import type { Runs } from '../runs/runs.ts'
import { act, actInPlace } from './actions.ts'
import { answer } from './answer.ts'
import { attachmentItem } from './attachment-item.ts'
import { eventStream } from './event-stream.ts'
import { giveFeedback } from './feedback.ts'
import { listItems } from './items.ts'
import { attachmentOf } from './message-input.ts'
import type { Opening } from './opening.ts'
import { takeAnswers, takeToolOutput } from './page-answers.ts'
import type { ChatkitRequest, ThreadEvent } from './protocol.ts'
import { isPassing, isRefusedBeforeStream, notSent, refusal } from './refusal.ts'
import { checkForm, readRequest, timeZoneIn } from './request.ts'
import { retry } from './retry.ts'
import { say } from './say.ts'
import { conversationOf, listThreads } from './threads.ts'
import { transcribe } from './transcribe.ts'
import { toThread } from './translate.ts'
import { type StillSignedIn, whileSignedIn } from './while-signed-in.ts'
import { type ChatkitWords, wordsFor } from './words.ts'

export type ChatkitParts = {
  units: Units
  bell: Bell
  runs: Runs
  model: Pick<Model, 'transcribe'>
  rates: Pick<Rates, 'take'>
  /** Throws STORAGE_FULL while nothing new may be stored. */
  checkSpace(): void
  /** Addresses of files that people sent. */
  links: AttachmentLinks
  /** Who is asking. Rejects with UNAUTHENTICATED. */
  authenticate(request: Request): Promise<Viewer>
  /** Whether the viewer's session or key is still there: streams outlive the request that opened them. */
  stillSignedIn: StillSignedIn
  limits: Limits
}

/** The door for ChatKit: one URL for all of its requests. Never rejects: a refusal is an answer. */
export function createChatkitEndpoint(parts: ChatkitParts): (request: Request) => Promise<Response> {
  return async (request) => {
    let asked: ChatkitRequest | undefined
    try {
      checkForm(request)
      const viewer = await parts.authenticate(request)
      asked = await readRequest(request, parts.limits)
      requireScopes(viewer, needed[asked.type])
      return await serve(parts, viewer, asked, request)
    } catch (error) {
      return (await toldInStream(parts, request, asked, error)) ?? refusal(error)
    }
  }
}

const streamed: ReadonlySet<ChatkitRequest['type']> = new Set([
  ...(['threads.create', 'threads.add_user_message', 'threads.retry_after_item'] as const),
  ...(['threads.add_client_tool_output', 'threads.add_structured_input', 'threads.custom_action'] as const),
])

/**
 * Whoever cannot be let in for a moment hears so where a stream is expected: see `isRefusedBeforeStream`. Nothing of
 * strangers is read, and no recording of anybody, for those have no stream.
 */
async function toldInStream(
  { limits }: ChatkitParts,
  request: Request,
  read: ChatkitRequest | undefined,
  error: unknown,
): Promise<Response | null> {
  if (!isPassing(error)) return null
  if (error.details.limitName === 'anonymousRequestsPerMinute') return null
  const unread = !read && !request.bodyUsed
  const asked = unread ? await readRequest(request, { ...limits, recordingBytes: 0 }).catch(() => null) : read
  if (!asked || !streamed.has(asked.type)) return null
  const { heartbeatSeconds } = limits
  return eventStream(() => one(notSent(error, wordsFor(request.headers))), { signal: request.signal, heartbeatSeconds })
}

const needed: Record<ChatkitRequest['type'], Scope[]> = {
  'threads.create': ['conversations:write', 'runs:write'],
  'threads.add_user_message': ['conversations:write', 'runs:write'],
  'threads.list': ['conversations:read'],
  'threads.get_by_id': ['conversations:read'],
  'threads.update': ['conversations:write'],
  'threads.delete': ['conversations:write'],
  'threads.add_client_tool_output': ['runs:write'],
  'threads.add_structured_input': ['runs:write'],
  'threads.retry_after_item': ['runs:write'],
  'threads.custom_action': ['runs:write'],
  'threads.sync_custom_action': ['runs:write'],
  'items.list': ['conversations:read'],
  'items.feedback': ['conversations:write'],
  'attachments.create': ['conversations:write'],
  'input.transcribe': ['runs:write'],
  'attachments.delete': ['conversations:write'],
}

async function serve(
  parts: ChatkitParts,
  viewer: Viewer,
  asked: ChatkitRequest,
  { headers, signal }: Request,
): Promise<Response> {
  const { units, runs, bell, links, limits } = parts
  const em = units.as(viewer)
  const words = wordsFor(headers)
  const stream = (open: () => Promise<Opening>) => serveStream(parts, viewer, words, open, signal)
  switch (asked.type) {
    case 'threads.create':
    case 'threads.add_user_message':
      return stream(() => say({ units, runs, links, words }, viewer, asked, timeZoneIn(headers)))
    case 'threads.add_client_tool_output':
      return stream(() => takeToolOutput({ units, runs, viewer, words }, asked))
    case 'threads.add_structured_input':
      return stream(() => takeAnswers({ units, runs, viewer, words }, asked))
    case 'threads.retry_after_item':
      return stream(() => retry({ units, runs, viewer, words }, asked))
    case 'threads.custom_action':
      return stream(() => act({ units, runs, viewer, words }, asked.params))
    case 'threads.sync_custom_action':
      return json(await actInPlace({ units, runs, viewer, words }, asked.params))
    case 'attachments.create': {
      parts.checkSpace()
      const { name, size, mime_type: mediaType } = asked.params
      return json(attachmentItem(await announceAttachment(em, viewer, limits, { name, size, mediaType }), links))
    }
    case 'attachments.delete':
      await deleteDraft(em, viewer, attachmentOf(asked.params.attachment_id))
      return json({})
    case 'input.transcribe':
      return json(await transcribe(parts, viewer, asked, limits, signal))
    case 'items.feedback':
      await giveFeedback(em, viewer, bell, asked)
      return json({})
    case 'threads.list':
      return json(await listThreads(em, viewer, asked.params, limits))
    case 'threads.get_by_id': {
      const conversation = await ownConversation(em, viewer, conversationOf(asked.params.thread_id))
      const items = await listItems(em, viewer, conversation.id, { links, limits, words }, { order: 'asc' })
      return json(toThread(conversation, items))
    }
    case 'threads.update': {
      const { thread_id: threadId, title } = asked.params
      return json(toThread(await updateConversation(em, viewer, bell, conversationOf(threadId), { title }, limits)))
    }
    case 'threads.delete':
      await runs.deleteConversation(em, viewer, conversationOf(asked.params.thread_id))
      return json({})
    case 'items.list': {
      const conversation = await ownConversation(em, viewer, conversationOf(asked.params.thread_id))
      return json(await listItems(em, viewer, conversation.id, { links, limits, words }, asked.params))
    }
    default:
      return asked satisfies never
  }
}

/**
 * Wrong requests are refused before the stream; from then on everything is told in it. The run is named in a header, so
 * that the page can stop it: a stream that is dropped stops nothing.
 */
async function serveStream(
  { units, runs, limits, stillSignedIn }: ChatkitParts,
  viewer: Viewer,
  words: ChatkitWords,
  open: () => Promise<Opening>,
  signal: AbortSignal,
): Promise<Response> {
  const options = { signal, heartbeatSeconds: limits.heartbeatSeconds }
  let opening: Opening
  try {
    opening = await open()
  } catch (error) {
    if (isRefusedBeforeStream(error)) throw error
    return eventStream(() => one(notSent(error, words)), options)
  }
  const told = (signal: AbortSignal) => answer({ units, runs, viewer, words }, opening, signal)
  return eventStream((signal) => whileSignedIn(told, { viewer, stillSignedIn, words }, signal), {
    ...options,
    headers: { 'x-parley-run': publicId('run', opening.run.id) },
  })
}

async function* one(event: ThreadEvent): AsyncGenerator<ThreadEvent, void> {
  yield event
}

function json(value: unknown): Response {
  return Response.json(value, { headers: { 'cache-control': 'no-store' } })
}
