import { useEffect, useState } from 'react'

/** Something that is loaded when it is first wanted, once for the whole page. */
export type Lazy<T> = { load: () => Promise<T>; here: T | null }

export function lazy<T>(from: () => Promise<T>): Lazy<T> {
  let asked: Promise<T> | null = null
  const it: Lazy<T> = {
    here: null,
    load: () => {
      asked ??= from().then(
        (loaded) => {
          it.here = loaded
          return loaded
        },
        (error: unknown) => {
          asked = null // the line may be back at the next try
          throw error
        },
      )
      return asked
    },
  }
  return it
}

/**
 * What was loaded; null while it is not wanted or not here yet, and in the first paint: the server shows the page without
 * it, and so must the first render in the browser. Until it comes, and when it cannot come, one does without it.
 */
export function useLazy<T>(what: Lazy<T>, wanted: boolean): T | null {
  const [here, setHere] = useState(awake ? what.here : null)
  useEffect(() => {
    awake = true
    if (!wanted) return
    let gone = false
    what.load().then(
      (loaded) => {
        if (!gone) setHere(() => loaded)
      },
      () => {},
    )
    return () => {
      gone = true
    }
  }, [what, wanted])
  return wanted ? here : null
}

/** Whether the page was taken over from the server: from then on what is here can be used at once, without a flash. */
let awake = false
