import { ChatKit, useChatKit } from '@openai/chatkit-react'
import { useNavigate } from '@remix-run/react'
import { useEffect, useImperativeHandle, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { useFrame } from '~/components/frame-context.ts'
import { offlinePrompts, starters } from '~/components/starter-prompts.ts'
import { holdEvents } from '~/events.ts'
import { useLanguage } from '~/language.tsx'
import { useModel } from '~/model-choice.ts'
import { useDark } from '~/theme.ts'
import { createChatkitFetch } from './chatkit-fetch.ts'
import type { ChatKitFailure } from './chatkit-script.ts'
import { usePresence } from './use-presence.ts'
import { useThread } from './use-thread.ts'

export type ChatHandle = { refresh: () => void }

export type ChatProps = {
  domainKey: string
  /** Whether the server writes down what people say. */
  dictation: boolean
  threadId: string | null
  onMounted: () => void
  onReady: () => void
  onFailed: (why?: ChatKitFailure) => void
  onStreaming: (streaming: boolean) => void
  handle: React.Ref<ChatHandle>
}

/** What the server takes, for the dialog that chooses files. */
const attachable = {
  'image/*': ['.png', '.jpg', '.jpeg', '.gif', '.webp'],
  'application/pdf': ['.pdf'],
  'application/json': ['.json'],
  'text/*': ['.txt', '.md', '.csv'],
}

/** Errors after which ChatKit shows nothing any more, by the names that it gives them. */
const fatal = /^(FatalAppError|InvalidFrameParamsError|DomainVerification\w*)$/

/** ChatKit, talking to our own server. The only file that knows it. */
export function Chat({ domainKey, dictation, threadId, onMounted, onReady, onFailed, onStreaming, handle }: ChatProps) {
  const navigate = useNavigate()
  const dark = useDark()
  const locale = useLanguage()
  const t = useTranslations('chat')
  const words = useTranslations('chatkit')
  const { models } = useFrame()
  const model = useModel(models)
  const holder = useRef<HTMLDivElement>(null)
  usePresence(holder, onFailed)
  useEffect(onMounted, [onMounted])
  const [{ fetch, leaving, stopReading, allowReading }] = useState(createChatkitFetch)
  const [firstThread] = useState(threadId)
  const ready = useRef(false)
  /** Where the person asked to be taken, once the answer has ended. */
  const goesTo = useRef<string | null>(null)
  const release = useRef<(() => void) | null>(null)

  const { control, setThreadId, fetchUpdates } = useChatKit({
    api: { url: '/chatkit', domainKey, fetch, uploadStrategy: { type: 'two_phase' } },
    // Only the first: from then on the address is followed by commands, one at a time.
    initialThread: firstThread,
    locale,
    frameTitle: words('frame'),
    theme: {
      colorScheme: dark ? 'dark' : 'light',
      radius: 'round',
      color: {
        accent: { primary: dark ? '#0fff50' : '#036b25', level: 1 },
        surface: dark
          ? { background: '#0a0a0a', foreground: '#171817' }
          : { background: '#ffffff', foreground: '#f7f8f7' },
      },
    },
    // The page has its own title, list and menu.
    header: { enabled: false },
    history: { enabled: false },
    startScreen: {
      greeting: t('greeting'),
      prompts: starters.map((it) => ({
        label: t(`starters.${it}`),
        prompt: model === 'offline' ? offlinePrompts[it] : t(`starters.${it}Prompt`),
      })),
    },
    composer: {
      placeholder: t('askAnything'),
      attachments: { enabled: true, maxSize: 10_485_760, maxCount: 10, accept: attachable },
      dictation: { enabled: dictation },
      // One alone is no choice.
      ...(models.length > 1 && { models: models.map((id) => ({ id, label: id, default: id === model })) }),
    },
    disclaimer: { text: words('disclaimer') },
    threadItemActions: { feedback: true, retry: true },
    thread: { autoScroll: true },
    onReady: () => {
      ready.current = true
      thread.ready()
      onReady()
    },
    onError: ({ error }) => {
      if (!ready.current || fatal.test(error.name)) onFailed()
    },
    onClientTool: ({ name }) => {
      if (name !== 'open_tasks_page') throw new Error(`This page has no tool ${name}.`)
      // Not at once: the assistant is to hear of it, and to say its last words.
      goesTo.current = '/dashboard'
      return { opened: true }
    },
    onThreadChange: ({ threadId: id }) => thread.changed(id),
    onThreadLoadEnd: () => thread.calm(),
    onResponseStart: () => {
      release.current ??= holdEvents()
      onStreaming(true)
      thread.responds(true)
    },
    onResponseEnd: () => {
      release.current?.()
      release.current = null
      onStreaming(false)
      thread.responds(false)
      const path = goesTo.current
      goesTo.current = null
      if (path) navigate(path)
    },
  })

  const thread = useThread(threadId, {
    ...{ setThreadId, fetchUpdates, stopReading, allowReading },
    leaving: () => {
      goesTo.current = null
      leaving()
    },
  })
  useImperativeHandle(handle, () => ({ refresh: thread.refresh }), [thread])

  useEffect(() => {
    window.addEventListener('pagehide', leaving)
    return () => {
      window.removeEventListener('pagehide', leaving)
      leaving()
      release.current?.()
      onStreaming(false)
    }
  }, [leaving, onStreaming])

  return (
    <div ref={holder} className="h-full [&>openai-chatkit]:block [&>openai-chatkit]:h-full [&>openai-chatkit]:w-full">
      <ChatKit control={control} />
    </div>
  )
}
