import { ChatKit, useChatKit } from '@openai/chatkit-react'
import { useNavigate } from '@remix-run/react'
import { useEffect, useImperativeHandle, useRef, useState } from 'react'
import { greeting, starterPrompts } from '~/components/starter-prompts.ts'
import { holdEvents } from '~/events.ts'
import { useDark } from '~/theme.ts'
import { createChatkitFetch } from './chatkit-fetch.ts'
import { useThread } from './use-thread.ts'

export type ChatHandle = { refresh: () => void }

type ChatProps = {
  domainKey: string
  threadId: string | null
  onReady: () => void
  onFailed: () => void
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

/** ChatKit, talking to our own server. The only file that knows it. */
export function Chat({ domainKey, threadId, onReady, onFailed, onStreaming, handle }: ChatProps) {
  const navigate = useNavigate()
  const dark = useDark()
  const [{ fetch, leaving }] = useState(createChatkitFetch)
  const [firstThread] = useState(threadId)
  const ready = useRef(false)
  /** Where the person asked to be taken, once the answer has ended. */
  const goesTo = useRef<string | null>(null)
  const release = useRef<(() => void) | null>(null)

  const { control, setThreadId, fetchUpdates } = useChatKit({
    api: { url: '/chatkit', domainKey, fetch, uploadStrategy: { type: 'two_phase' } },
    // Only the first: from then on the address is followed by commands, one at a time.
    initialThread: firstThread,
    frameTitle: 'Chat',
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
    startScreen: { greeting, prompts: starterPrompts.map((it) => ({ ...it })) },
    composer: {
      placeholder: 'Ask about your tasks, or anything else',
      attachments: { enabled: true, maxSize: 10_485_760, maxCount: 10, accept: attachable },
    },
    threadItemActions: { feedback: true, retry: true },
    thread: { autoScroll: true },
    onReady: () => {
      ready.current = true
      thread.ready()
      onReady()
    },
    onError: () => {
      if (!ready.current) onFailed()
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
    },
    onResponseEnd: () => {
      release.current?.()
      release.current = null
      onStreaming(false)
      thread.calm()
      const path = goesTo.current
      goesTo.current = null
      if (path) navigate(path)
    },
  })

  const thread = useThread(threadId, { setThreadId, fetchUpdates, leaving })
  useImperativeHandle(handle, () => ({ refresh: thread.refresh }), [thread])

  useEffect(() => {
    window.addEventListener('pagehide', leaving)
    return () => {
      window.removeEventListener('pagehide', leaving)
      leaving()
      release.current?.()
    }
  }, [leaving])

  return (
    <div className="h-full [&>openai-chatkit]:block [&>openai-chatkit]:h-full [&>openai-chatkit]:w-full">
      <ChatKit control={control} />
    </div>
  )
}
