/** The chat that a person wants; ChatKit unless they said otherwise. */
export type SurfaceChoice = 'chatkit' | 'panel'

/** The cookie in which the choice is kept, so that the server knows it with the first request. */
const choiceCookie = 'parley-chat'

/** The choice in a request's cookies, or in the page's. */
export const surfaceOf = (cookies: string): SurfaceChoice =>
  new RegExp(`(?:^|; )${choiceCookie}=panel(?:;|$)`).test(cookies) ? 'panel' : 'chatkit'

const watchers = new Set<() => void>()

export function chooseSurface(choice: SurfaceChoice): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet
  document.cookie = `${choiceCookie}=${choice}; path=/; max-age=31536000; samesite=lax`
  for (const tell of watchers) tell()
}

export const shownSurface = (): SurfaceChoice => surfaceOf(document.cookie)

export function watchSurface(tell: () => void): () => void {
  watchers.add(tell)
  return () => watchers.delete(tell)
}
