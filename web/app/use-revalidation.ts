import { useNavigation, useRevalidator } from '@remix-run/react'
import { useCallback, useEffect, useState } from 'react'

/**
 * Gives a function that has the page's data read again, as soon as nothing else is being loaded: reading at once would
 * break off a navigation on its way, and its load would end as an error that nobody awaits.
 */
export function useRevalidation(): () => void {
  const revalidator = useRevalidator()
  const navigation = useNavigation()
  const [wanted, setWanted] = useState(false)
  const idle = revalidator.state === 'idle' && navigation.state === 'idle'
  useEffect(() => {
    if (!wanted || !idle) return
    setWanted(false)
    revalidator.revalidate()
  }, [wanted, idle, revalidator])
  return useCallback(() => setWanted(true), [])
}
