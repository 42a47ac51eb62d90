import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { ChatMessageView } from '~/components/chat-message.tsx'
import { Composer, type Draft } from '~/components/composer.tsx'
import { ConnectionChip } from '~/components/connection-chip.tsx'
import { useFrame } from '~/components/frame-context.ts'
import { LogItem } from '~/components/log-item.tsx'
import { MessageLog } from '~/components/message-log.tsx'
import { ModelSelect } from '~/components/model-select.tsx'
import { Notice } from '~/components/notice.tsx'
import { OfflineBadge } from '~/components/offline-badge.tsx'
import { OfflineNotice } from '~/components/offline-notice.tsx'
import { OutgoingMessage } from '~/components/outgoing-message.tsx'
import { PageHeader } from '~/components/page-header.tsx'
import { useShownTitle } from '~/components/shown-title.ts'
import { AssistantRow, Thinking } from '~/components/thinking.tsx'
import { ToolDecisionContext } from '~/components/tool-decision.ts'
import { type ChatMessage, inOrder, isArrived, isWaiting } from '~/conversation-state.ts'
import { draftKey as draftKeyOf } from '~/drafts.ts'
import { type MessageActions, MessageActionsContext } from '~/message-actions.ts'
import { useModel } from '~/model-choice.ts'
import { useSurface } from '~/routes/dashboard.chat/surface.ts'
import { SurfaceNoteLine } from '~/routes/dashboard.chat/surface-note.tsx'
import { useSending } from '~/use-sending.ts'
import { Earlier } from './earlier.tsx'
import { Announcement, Outcome, useActivityWords } from './outcome.tsx'
import { SpokenAnswer } from './spoken-answer.tsx'
import { type ReadConversation, useConversation } from './use-conversation.ts'
import { useEarlier } from './use-earlier.ts'
import { useNamedMessage } from './use-named-message.ts'
import { useRunActions } from './use-run-actions.ts'
import { useSecondsLeft } from './use-seconds-left.ts'
import { useStopKey } from './use-stop-key.ts'

/** As many as the page reads at first. */
const pageSize = 50

/** The built-in chat: over GraphQL alone, and complete without ChatKit. */
export function Panel({ read }: { read: ReadConversation }) {
  const { viewer, models, note: list } = useFrame()
  const t = useTranslations('chat')
  const titled = useShownTitle()
  const chosen = useModel(models)
  const { note, choose, claim } = useSurface()
  const [state, change] = useConversation(read)
  const { activeRun, lastRun } = state
  const messages = useMemo(() => inOrder(state.messages), [state.messages])
  const draftKey = draftKeyOf(viewer.id, read.id)
  const sending = useSending({
    draftKey,
    conversationId: read.id,
    newest: state.messages.at(-1)?.sequence,
    model: chosen,
    onSent({ conversation, message, run }) {
      change({ type: 'sent', message, run })
      list({ ...conversation, activeRun: run })
    },
  })
  const [takenBack, setTakenBack] = useState<Draft | null>(null)
  const { stop, stopping, retry, decide, failure, ...actions } = useRunActions(activeRun, change, chosen)
  useStopKey(activeRun ? stop : null)
  const steady = useLatestActions({
    ...actions,
    takeBack: async (message) => {
      if (!(await actions.takeBack(message))) return
      setTakenBack({ text: message.content, files: message.attachments.map((it) => ({ ...it, url: it.url ?? null })) })
    },
  })
  const idle = activeRun === null
  const messageActions = useMemo<MessageActions>(() => ({ ...steady, idle, draftKey }), [steady, idle, draftKey])
  const outgoing = sending.outgoing && !isArrived(messages, sending.outgoing) ? sending.outgoing : null
  const newest = messages.findLast((it) => !isWaiting(it))
  const lastSaid = messages.findLast(({ role }) => role === 'USER')
  const busySeconds = useSecondsLeft(state.busy)
  const activityWords = useActivityWords()
  const activity = activeRun && newest ? activityWords(activeRun, newest, busySeconds) : null
  const model = activeRun?.model ?? lastRun?.model ?? newest?.run?.model

  const earlier = useEarlier(read, state.messages[0], (messages) => change({ type: 'earlier', messages }))
  const placed = useNamedMessage(earlier)
  // ChatKit cannot be opened at a message.
  useEffect(() => {
    if (placed) claim()
  }, [placed, claim])
  // What streams here would not be shown by ChatKit, which came later.
  useEffect(() => {
    if (activeRun) claim()
  }, [activeRun, claim])

  return (
    <div className="flex h-full flex-col" data-panel="">
      <PageHeader title={titled(state.title)}>
        {model === 'offline' && <OfflineBadge />}
        <ConnectionChip />
      </PageHeader>
      <MessageLog label={t('conversation')} sent={outgoing?.key} earlier={<Earlier pages={earlier} />}>
        <MessageActionsContext.Provider value={messageActions}>
          <ToolDecisionContext.Provider value={decide}>
            {messages.map((message, at) => (
              <ChatMessageView
                key={message.id}
                message={message}
                continued={isContinued(messages[at - 1], message)}
                last={!isContinued(message, messages[at + 1])}
                farBack={at < messages.length - pageSize}
              />
            ))}
          </ToolDecisionContext.Provider>
        </MessageActionsContext.Provider>
        {outgoing && (
          <OutgoingMessage
            outgoing={outgoing}
            onAgain={sending.again}
            onTakeBack={() => setTakenBack(sending.takeBack())}
          />
        )}
        {activeRun && newest && activity && (
          <LogItem>
            <AssistantRow first={newest.role === 'USER'}>
              <Thinking words={activity} />
            </AssistantRow>
          </LogItem>
        )}
        {!activeRun && !outgoing && lastRun && (
          <LogItem>
            <Outcome run={lastRun} newest={newest} onAgain={() => lastSaid && retry(lastSaid.id)} />
          </LogItem>
        )}
      </MessageLog>
      <SpokenAnswer message={newest} />
      <Announcement activeRun={activeRun} lastRun={lastRun} busy={busySeconds > 0} />
      <div className="mx-auto w-full max-w-3xl px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6">
        <OfflineNotice />
        {failure && (
          <Notice urgent className="mb-2">
            {failure}
          </Notice>
        )}
        <Composer
          draftKey={draftKey}
          label={t('message')}
          placeholder={t('writeMessage')}
          onSend={(text, files) => {
            setTakenBack(null)
            sending.send(text, files)
          }}
          onTyping={claim}
          disabled={sending.outgoing !== null}
          onStop={activeRun ? stop : undefined}
          stopping={stopping}
          takenBack={takenBack}
          autoFocus
        />
        <div className="mt-2 px-2 empty:hidden">
          <ModelSelect />
        </div>
        {model === 'offline' && <p className="mt-2 text-center text-xs text-muted sm:hidden">{t('offlineNote')}</p>}
        <SurfaceNoteLine note={note} choose={choose} />
      </div>
    </div>
  )
}

/** Whether a message goes on with the answer before it. */
function isContinued(before: ChatMessage | undefined, message: ChatMessage | undefined): boolean {
  return before?.role === 'ASSISTANT' && message?.role === 'ASSISTANT'
}

type Steady = Pick<MessageActions, 'edit' | 'rate' | 'takeBack'>

/** The same functions at every render, so that messages that did not change are not drawn again for each token. */
function useLatestActions(actions: Steady): Steady {
  const latest = useRef(actions)
  useEffect(() => {
    latest.current = actions
  })
  return useState<Steady>(() => ({
    edit: (id, text) => latest.current.edit(id, text),
    rate: (id, feedback) => latest.current.rate(id, feedback),
    takeBack: (message) => latest.current.takeBack(message),
  }))[0]
}
