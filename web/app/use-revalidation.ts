import { useNavigation, useRevalidator } from '@remix-run/react'
import { useCallback, useEffect, useState } from 'react'

/**
 * Gives a function that has the page's data read again, as soon as nothing else is being loaded: reading at once would
 * break off a navigation on its way, and its load would end as an error that nobody awaits.
 */
export function useRevalidation(): () => void {
  const revalidator = useRevalidator()
  const idle = !useIsReading()
  const [wanted, setWanted] = useState(false)
  useEffect(() => {
    if (!wanted || !idle) return
    setWanted(false)
    revalidator.revalidate()
  }, [wanted, idle, revalidator])
  return useCallback(() => setWanted(true), [])
}

/** Whether the page's data, or another page, is being read. */
export function useIsReading(): boolean {
  const revalidator = useRevalidator()
  const navigation = useNavigation()
  return revalidator.state !== 'idle' || navigation.state !== 'idle'
}
