import { useLocation, useNavigate } from '@remix-run/react'
import { useEffect, useState } from 'react'
import { createThreadKeeper, type KeptChat } from './thread-keeper.ts'

/** Holds ChatKit and the address together: see `createThreadKeeper`. The functions are the first ones it is given. */
export function useThread(threadId: string | null, chat: Omit<KeptChat, 'created'>) {
  const navigate = useNavigate()
  // Each visit has a key of its own, also a second one to the same address.
  const { key } = useLocation()
  const [keeper] = useState(() =>
    createThreadKeeper(threadId, {
      ...chat,
      created: (id) => navigate(`/dashboard/chat/${id}`, { replace: true }),
    }),
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: see key
  useEffect(() => keeper.go(threadId), [keeper, threadId, key])
  useEffect(() => keeper.close, [keeper])
  return keeper
}
