import { type RefObject, useCallback, useEffect, useState } from 'react'

const prefix = 'parley-draft'

/** Where the draft of a conversation is kept on this device, per person. */
export const draftKey = (userId: string, conversationId: string | null) =>
  `${prefix}:${userId}:${conversationId ?? 'new'}`

/** Where a message that is being changed is kept, beside the draft of its conversation. */
export const editDraftKey = (draftKey: string, messageId: string) => `${draftKey}:edit:${messageId}`

/** Storage may be full or closed: then a draft lives as long as the page. */
export function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

export function write(key: string, text: string): void {
  try {
    if (text) localStorage.setItem(key, text)
    else localStorage.removeItem(key)
  } catch {
    // The page still holds it.
  }
}

/** Removes what this person left unsent, as when they sign out. */
export function forgetDrafts(userId: string): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(`${prefix}:${userId}:`)) localStorage.removeItem(key)
    }
  } catch {
    // Nothing is kept where storage is closed.
  }
}

/** The text of an input, kept on this device until it is cleared. What was typed before the page woke up counts too. */
export function useDraft(key: string, input: RefObject<HTMLTextAreaElement | null>) {
  const [text, setText] = useState('')
  useEffect(() => {
    setText(input.current?.value || read(key))
  }, [key, input])
  const change = useCallback(
    (next: string) => {
      setText(next)
      write(key, next)
    },
    [key],
  )
  return [text, change] as const
}
