import { useOutletContext } from '@remix-run/react'
import type { ChatKitFailure } from './chatkit-script.ts'

/** Which of the two chats is on the page, and what the pages inside may say about it. */
export type Surface = {
  /** ChatKit has taken over: the pages show what stands around it. */
  chatkit: boolean
  /** ChatKit brings the events of an answer itself right now. */
  streaming: boolean
  /** Makes ChatKit read its thread again, after something happened that it did not hear of. */
  refresh: () => void
  /** The built-in panel is in use: nothing may take its place under the person's hands. */
  claim: () => void
  /** One sentence and what can be done, for below the panel. */
  note: SurfaceNote
  /** Which one this person wants from now on. */
  choose: (choice: 'panel' | 'chatkit') => void
}

/** `again`: not for the first time. */
export type SurfaceNote =
  | { kind: 'none' | 'chosen' | 'trying' }
  | { kind: 'failed'; why: ChatKitFailure; again: boolean }

export const useSurface = () => useOutletContext<Surface>()
