import { useNavigation } from '@remix-run/react'

/** The next page is on its way: a line on top, for who has to wait longer than a blink. */
export function PageLoading() {
  const { state } = useNavigation()
  if (state !== 'loading') return null
  return (
    <div
      aria-hidden="true"
      className="absolute inset-x-0 top-0 z-20 h-0.5 animate-[fade-in_150ms_400ms_backwards] overflow-hidden bg-accent-soft"
    >
      <div className="h-full w-1/3 bg-link motion-safe:animate-[pass_1.1s_ease-in-out_infinite]" />
    </div>
  )
}
