import { useNavigate, useParams } from '@remix-run/react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { mutate } from '~/api.ts'
import type { Frame, ListedConversation } from '~/components/frame-context.ts'
import { Notice } from '~/components/notice.tsx'
import { UndoNotice } from '~/components/undo-notice.tsx'
import { Failure, sentenceOf } from '~/failure.ts'
import { words } from '~/language.tsx'
import { RemoveConversation } from './queries.ts'

const timeToThinkMs = 8_000

/**
 * Deletes conversations with time to think: one is out of sight at once and gone for good a few seconds later, or when the
 * next one goes. Closing the page before that keeps it.
 */
export function useRemoval({ note, forget }: Pick<Frame, 'note' | 'forget'>) {
  const [pending, setPending] = useState<{ conversation: ListedConversation; shown: boolean } | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const { id: openId } = useParams()
  const navigate = useNavigate()
  const latest = useRef({ openId, pending })
  useEffect(() => {
    latest.current = { openId, pending }
  })

  const finish = useCallback(
    async (conversation: ListedConversation) => {
      const { id, title } = conversation
      setPending((it) => (it?.conversation.id === id ? null : it))
      forget(id)
      try {
        await mutate(RemoveConversation, { input: { conversationId: id } })
      } catch (error) {
        if (error instanceof Failure && error.code === 'NOT_FOUND') return
        note(conversation)
        setFailure(`${words()('common.notDeleted', { name: title })} ${sentenceOf(error)}`)
      }
    },
    [note, forget],
  )
  useEffect(() => {
    if (!pending) return
    const timer = setTimeout(() => void finish(pending.conversation), timeToThinkMs)
    return () => clearTimeout(timer)
  }, [pending, finish])

  const remove = useCallback(
    (conversation: ListedConversation) => {
      const { openId, pending } = latest.current
      if (pending) void finish(pending.conversation)
      setFailure(null)
      setPending({ conversation, shown: openId === conversation.id })
      if (openId === conversation.id) navigate('/dashboard/chat', { replace: true })
    },
    [finish, navigate],
  )
  const undo = () => {
    if (pending?.shown) navigate(`/dashboard/chat/${pending.conversation.id}`)
    setPending(null)
  }
  const notice = (
    <>
      {failure && (
        <Notice urgent className="m-3">
          {failure}
        </Notice>
      )}
      {pending && (
        <UndoNotice
          key={pending.conversation.id}
          title={pending.conversation.title}
          onUndo={undo}
          onDismiss={() => void finish(pending.conversation)}
        />
      )}
    </>
  )
  return { removing: pending?.conversation.id ?? null, remove, notice }
}
