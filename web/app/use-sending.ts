import { useEffect, useState } from 'react'
import type { SayMutation } from '../../schema/generated/graphql.ts'
import { mutate } from './api.ts'
import { browserZone } from './clock.tsx'
import { read, write } from './drafts.ts'
import { useConnection } from './events.ts'
import { Failure, sentenceOf } from './failure.ts'
import { words } from './language.tsx'
import { newKey } from './new-key.ts'
import { Say } from './sending.ts'
import type { UploadedFile } from './upload.ts'

export type Sent = NonNullable<SayMutation['sendMessage']>

/** What is sent, the same at each attempt: a key may come again with the same body only. */
type Body = { text: string; files: readonly UploadedFile[]; key: string; model?: string; timeZone?: string }

/** A message on its way: shown before the server has it, and kept on this device until it has. */
export type Outgoing = Body & {
  /** The number of the newest message when it was sent. */
  after: number
  failure: { sentence: string; passing: boolean } | null
}

const againAfterMs = 1_500

/** What is over in a moment, without the person doing anything. */
const passingCodes = ['NETWORK', 'DRAINING', 'STORAGE_UNAVAILABLE', 'AUTH_UNAVAILABLE']

type SendingProps = {
  /** Where it is kept. */
  draftKey: string
  conversationId: string | null
  /** The number of the newest message so far: what is behind it came later. */
  newest?: number
  /** Who should answer; the default one if left out. */
  model?: string
  onSent: (sent: Sent) => void
}

/**
 * Sends one message at a time; when the server could not be reached, again as soon as it is back. The message has its key
 * from the first attempt on, so that trying again after a lost answer, even after a reload, is the same message.
 */
export function useSending({ draftKey, conversationId, newest = 0, model, onSent }: SendingProps) {
  const place = `${draftKey}:outgoing`
  const [outgoing, setOutgoing] = useState<Outgoing | null>(null)

  useEffect(() => {
    const left = parse(read(place))
    if (left)
      setOutgoing({
        ...left,
        after: Number.MAX_SAFE_INTEGER,
        failure: { sentence: words()('chat.unsure'), passing: false },
      })
  }, [place])

  const attempt = async (outgoing: Outgoing) => {
    const { text, files, key, model, timeZone } = outgoing
    setOutgoing({ ...outgoing, failure: null })
    try {
      const { sendMessage } = await mutate(Say, {
        input: {
          ...{ conversationId, content: text, idempotencyKey: key, model, timeZone },
          ...(files.length > 0 && { attachmentIds: files.map(({ id }) => id) }),
          // While an answer is being made it waits for its turn.
          whenBusy: 'QUEUE',
        },
      })
      write(place, '')
      if (sendMessage) onSent(sendMessage)
      // A new conversation's page takes over with the message in it: until then it stays here.
      if (conversationId) setOutgoing(null)
    } catch (error) {
      setOutgoing({ ...outgoing, failure: failureOf(error, files) })
    }
  }
  const send = (text: string, files: readonly UploadedFile[] = []) => {
    const body: Body = { text, files, key: newKey(), model, timeZone: browserZone() }
    write(place, JSON.stringify(body))
    void attempt({ ...body, failure: null, after: newest })
  }
  const again = () => {
    if (outgoing) void attempt(outgoing)
  }
  const connection = useConnection()
  // biome-ignore lint/correctness/useExhaustiveDependencies: once behind each attempt, as soon as the page hears of the server
  useEffect(() => {
    if (connection !== 'live' || !outgoing?.failure?.passing) return
    const timer = setTimeout(again, againAfterMs)
    return () => clearTimeout(timer)
  }, [connection, outgoing])

  /** Takes it back; what was written is the caller's again. */
  const takeBack = () => {
    write(place, '')
    setOutgoing(null)
    return { text: outgoing?.text ?? '', files: outgoing?.files ?? [] }
  }
  return { outgoing, send, again, takeBack }
}

function failureOf(error: unknown, files: readonly UploadedFile[]): Outgoing['failure'] {
  if (files.length > 0 && error instanceof Failure && error.code === 'NOT_FOUND')
    return { sentence: words()('files.notThere'), passing: false }
  const passing = error instanceof Failure && passingCodes.includes(error.code)
  const reason = sentenceOf(error)
  const sentence = passing ? `${reason} ${words()('chat.sentLater')}` : words()('chat.notSent', { reason })
  return { sentence, passing }
}

function parse(kept: string): Body | null {
  try {
    const { text, files = [], key, model, timeZone } = JSON.parse(kept)
    return typeof text === 'string' && typeof key === 'string' ? { text, files, key, model, timeZone } : null
  } catch {
    return null
  }
}
