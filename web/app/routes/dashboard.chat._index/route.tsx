import { Link, useNavigate } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { Composer } from '~/components/composer.tsx'
import { useFrame } from '~/components/frame-context.ts'
import { ArrowRightIcon } from '~/components/icons.tsx'
import { Mark } from '~/components/logo.tsx'
import { MessageLog } from '~/components/message-log.tsx'
import { ModelSelect } from '~/components/model-select.tsx'
import { Notice } from '~/components/notice.tsx'
import { OutgoingMessage } from '~/components/outgoing-message.tsx'
import { PageHeader } from '~/components/page-header.tsx'
import { offlinePrompts, starters } from '~/components/starter-prompts.ts'
import { draftKey as draftKeyOf, write } from '~/drafts.ts'
import { handOver } from '~/handover.ts'
import { titled } from '~/language.tsx'
import { useModel } from '~/model-choice.ts'
import { useSurface } from '~/routes/dashboard.chat/surface.ts'
import { SurfaceNoteLine } from '~/routes/dashboard.chat/surface-note.tsx'
import { SurfaceSwitch } from '~/routes/dashboard.chat/surface-switch.tsx'
import type { UploadedFile } from '~/upload.ts'
import { filesKey, keepFiles, moveDraft } from '~/use-files.ts'
import { useSending } from '~/use-sending.ts'

export const meta = titled('newChat')

/** A conversation that begins with its first message. */
export default function NewChat() {
  const { chatkit } = useSurface()
  const t = useTranslations('chat')
  return (
    <div className="flex h-full flex-col">
      <PageHeader title={t('newChat')}>{chatkit && <SurfaceSwitch />}</PageHeader>
      {!chatkit && <NewConversation />}
    </div>
  )
}

function NewConversation() {
  const { viewer, models, note: list } = useFrame()
  const t = useTranslations('chat')
  const model = useModel(models)
  const offline = model === 'offline'
  const { claim, note, choose } = useSurface()
  const navigate = useNavigate()
  const here = useRef(true)
  useEffect(() => {
    here.current = true
    return () => {
      here.current = false
    }
  }, [])
  const draftKey = draftKeyOf(viewer.id, null)
  const { outgoing, send, again, takeBack } = useSending({
    draftKey,
    conversationId: null,
    model,
    onSent: (sent) => {
      const { id } = sent.conversation
      list(sent.conversation)
      // Who went elsewhere meanwhile stays there, and what is typed here by then is another conversation's.
      if (!here.current) return
      // What was typed meanwhile belongs to the conversation now.
      moveDraft(draftKey, draftKeyOf(viewer.id, id))
      handOver(sent)
      navigate(`/dashboard/chat/${id}`, { replace: true })
    },
  })
  const ask = (text: string, files: readonly UploadedFile[] = []) => {
    claim()
    send(text, files)
  }
  const edit = () => {
    const { text, files } = takeBack()
    write(draftKey, text)
    keepFiles(filesKey(draftKey), files)
  }
  const composer = (
    <Composer
      key={outgoing ? 'sending' : 'writing'}
      draftKey={draftKey}
      label={t('message')}
      placeholder={t('askAnything')}
      onSend={ask}
      onTyping={claim}
      disabled={outgoing !== null}
      autoFocus
    />
  )
  if (outgoing)
    return (
      <>
        <MessageLog label={t('conversation')}>
          <OutgoingMessage outgoing={outgoing} onAgain={again} onTakeBack={edit} />
        </MessageLog>
        <div className="mx-auto w-full max-w-3xl px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6">
          {composer}
          <SurfaceNoteLine note={note} choose={choose} />
        </div>
      </>
    )
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full w-full max-w-2xl flex-col justify-center px-4 pt-8 pb-[max(2rem,env(safe-area-inset-bottom))] sm:px-6 sm:pb-24">
        <Mark className="size-11" />
        <h2 className="mt-5 text-3xl font-semibold tracking-tight text-balance">{t('greeting')}</h2>
        <p className="mt-2 mb-6 text-muted">{t('lead')}</p>
        {composer}
        <div className="mt-2 px-2 empty:hidden">
          <ModelSelect />
        </div>
        <ul className="mt-6 grid gap-2.5 sm:grid-cols-2">
          {starters.map((starter) => (
            <li key={starter}>
              <button
                type="button"
                onClick={() => ask(offline ? offlinePrompts[starter] : t(`starters.${starter}Prompt`))}
                className="group flex min-h-12 w-full items-center justify-between gap-3 rounded-xl border border-line bg-raised px-4 py-3 text-start text-sm shadow-card hover:bg-hover"
              >
                {t(`starters.${starter}`)}
                <ArrowRightIcon className="size-4 shrink-0 text-muted rtl:-scale-x-100" />
              </button>
            </li>
          ))}
        </ul>
        {offline && (
          <Notice tone="calm" className="mt-6">
            {t.rich('offlineHow', {
              link: (words) => (
                <Link to="/dashboard/settings#models" className="text-link underline underline-offset-4">
                  {words}
                </Link>
              ),
            })}
          </Notice>
        )}
        <div className="mt-6">
          <SurfaceNoteLine note={note} choose={choose} />
        </div>
      </div>
    </div>
  )
}
