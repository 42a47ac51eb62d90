import { setTimeout as wait } from 'node:timers/promises'
import { APIConnectionError, APIError, OpenAI, OpenAIError, toFile } from 'openai'
import type { Limits } from '../limits.ts'
import type { Model, ModelEvent, ModelRequest } from './model.ts'
import { toChatRequest } from './models/chat-request.ts'
import { chatPhase, readChat } from './models/chat-stream.ts'
import { badResponse, type Phase } from './models/chunk-shape.ts'
import { failureOf, ProviderError } from './models/failures.ts'
import { createHttpFetch } from './models/http-fetch.ts'
import { createOfflineFetch } from './models/offline/offline-fetch.ts'
import { type ModelProfile, type ProfileSetting, profileFor } from './models/profile.ts'
import { toResponsesRequest } from './models/responses-request.ts'
import { readResponses, responsesPhase } from './models/responses-stream.ts'
import { retryAfter, waitBeforeRetry } from './models/retries.ts'
import { watched } from './models/watched.ts'
import { RunError } from './run-failure.ts'

export type ModelSettings = {
  /** Without a key and a base URL the offline assistant answers. */
  key: string | undefined
  baseUrl: string | undefined
  api: 'responses' | 'chat'
  /** The default one first. */
  names: readonly [string, ...string[]]
  profile?: ProfileSetting | undefined
  /** The model that writes down what people say. */
  transcription?: string | undefined
  /** The pace of the offline assistant. */
  wordMilliseconds?: number | undefined
}

export type ModelLimits = Pick<
  Limits,
  'modelConnectSeconds' | 'modelFirstByteSeconds' | 'modelSilenceSeconds' | 'modelRetries'
>

/** A shorter wait is over before anybody has read of it. */
const noticedMs = 1_000

/** One way to speak to a provider. `open` resolves when the provider has begun to answer. */
type Wire = {
  open(request: ModelRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>>
  phaseAfter(chunk: unknown): Phase
  read(chunks: AsyncIterable<unknown>, request: ModelRequest): AsyncGenerator<ModelEvent, void>
}

/** The language model that the settings name: a provider over one of two wires, or the offline assistant over the first. */
export function createModel(settings: ModelSettings, limits: ModelLimits): Model {
  const offline = !settings.key && !settings.baseUrl
  const client = new OpenAI({
    apiKey: settings.key ?? 'none',
    baseURL: offline ? 'http://offline.invalid/v1' : (settings.baseUrl ?? 'https://api.openai.com/v1'),
    fetch: offline ? createOfflineFetch(settings) : createHttpFetch({ connectSeconds: limits.modelConnectSeconds }),
    // What the environment says is for the configuration to read; time and retries are looked after here.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    timeout: 86_400_000,
  })
  const profile = profileFor(settings.profile, settings.baseUrl)
  const wire = settings.api === 'chat' && !offline ? chatWire(client, profile) : responsesWire(client, profile)

  async function* ask(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent, void> {
    const chunks = watched((stop) => wire.open(request, stop), wire.phaseAfter, limits, signal)
    try {
      yield* wire.read(explained(chunks), request)
    } catch (error) {
      if (!(error instanceof ProviderError && error.withheld)) throw error
      yield { type: 'finished', calls: [], usage: null, reasoning: null, reason: 'filter' }
    }
  }

  return {
    names: settings.names,
    offline,
    ...(settings.transcription && { transcribe: transcriber(client, settings.transcription, limits) }),
    async *ask(request, signal) {
      for (let attempt = 0; ; attempt++) {
        let begun = false
        try {
          for await (const event of ask(request, signal)) {
            signal.throwIfAborted()
            begun = true
            yield event
          }
          return
        } catch (error) {
          signal.throwIfAborted()
          const chance = { attempt, retries: limits.modelRetries, random: Math.random() }
          const delay = begun ? null : waitBeforeRetry(error, chance)
          if (delay === null) throw error
          if (delay >= noticedMs) yield { type: 'waiting', milliseconds: delay }
          await wait(delay, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
      }
    },
  }
}

function transcriber(client: OpenAI, model: string, { modelFirstByteSeconds }: ModelLimits): Model['transcribe'] {
  // A form is no string, which our own way to providers wants.
  const forms = client.withOptions({ fetch: (input, init) => fetch(input, { ...init, redirect: 'error' }) })
  return async ({ bytes, mediaType }, signal) => {
    const file = await toFile(bytes, `recording.${mediaType.slice('audio/'.length)}`, { type: mediaType })
    const stop = AbortSignal.any([signal, AbortSignal.timeout(modelFirstByteSeconds * 1_000)])
    try {
      return (await forms.audio.transcriptions.create({ model, file }, { signal: stop })).text
    } catch (error) {
      signal.throwIfAborted()
      if (stop.aborted) throw new RunError('MODEL_TIMEOUT', 'The recording could not be written down in time.')
      throw explanation(error)
    }
  }
}

function responsesWire(client: OpenAI, profile: ModelProfile): Wire {
  /** Models that do not reason, known by their refusal to be asked for it. */
  const plain = new Set<string>()
  const create = (request: ModelRequest, signal: AbortSignal, encryptedReasoning: boolean) =>
    eventsOf(
      client.responses
        .create(toResponsesRequest(request, { ...profile, encryptedReasoning }), { signal })
        .withResponse(),
    )
  return {
    async open(request, signal) {
      if (!profile.encryptedReasoning || plain.has(request.model)) return create(request, signal, false)
      try {
        return await create(request, signal, true)
      } catch (error) {
        if (!refusesReasoning(error)) throw error
        plain.add(request.model)
        return create(request, signal, false)
      }
    },
    phaseAfter: responsesPhase,
    read: (chunks, { model }) => readResponses(chunks, { model }),
  }
}

function chatWire(client: OpenAI, profile: ModelProfile): Wire {
  return {
    open: (request, signal) =>
      eventsOf(client.chat.completions.create(toChatRequest(request, profile), { signal }).withResponse()),
    phaseAfter: chatPhase,
    read: (chunks, { model }) => readChat(chunks, { model, keepThinking: profile.echoReasoning }),
  }
}

/** A login page of a gateway, or an answer all at once, would read like a stream without events. */
async function eventsOf(answer: Promise<{ data: AsyncIterable<unknown>; response: Response }>) {
  const { data, response } = await answer
  const type = response.headers.get('content-type') ?? ''
  if (!/html|json/i.test(type)) return data
  await response.body?.cancel()
  throw badResponse(`the answer is ${type} and no event stream: is the base URL right?`)
}

function refusesReasoning(error: unknown): boolean {
  if (!(error instanceof APIError) || error.status !== 400) return false
  return /^include\b/.test(error.param ?? '') || /encrypted.content/i.test(error.message)
}

/** The same chunks; what goes wrong with them is thrown as RunError, told for people, with the provider's words in the cause. */
async function* explained(chunks: AsyncIterable<unknown>): AsyncGenerator<unknown, void> {
  try {
    yield* chunks
  } catch (error) {
    throw explanation(error)
  }
}

/** Some providers say a refused key back, and what they say goes into the log. */
const withoutKeys = (message: string) => message.replace(/\b(?:(?:sk|pk|key)[-_]|bearer )[\w.*-]{4,}/gi, '[a key]')

function explanation(error: unknown): unknown {
  if (error instanceof APIConnectionError) {
    if (error.cause instanceof RunError) return error.cause
    return failureOf({ message: error.message, cause: error.cause })
  }
  if (error instanceof APIError) {
    const { status, code, type, param, headers } = error
    const message = withoutKeys(error.message)
    const waitMs = headers ? retryAfter(headers, Date.now()) : null
    return failureOf({ status, code, type, param, message, waitMs, cause: error })
  }
  if (error instanceof SyntaxError || error instanceof OpenAIError) return badResponse(error.message, error)
  return error
}
