import { useNavigate } from '@remix-run/react'
import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import { useFrame } from '~/components/frame-context.ts'
import { useShownTitle } from '~/components/shown-title.ts'
import { type ConversationState, changeConversation, supersedes } from '~/conversation-state.ts'
import { type ConversationEvent, useConversationEvents } from '~/events.ts'
import { useRevalidation } from '~/use-revalidation.ts'
import type { ChatPageQuery } from '../../../../schema/generated/graphql.ts'

export type ReadConversation = NonNullable<ChatPageQuery['conversation']>

/** A conversation as it was read, and what happens in it from there on. `onEvent` hears of it too. */
export function useConversation(read: ReadConversation, onEvent?: (event: ConversationEvent) => void) {
  const [state, change] = useReducer(changeConversation, read, stateOf)
  const { note, forget } = useFrame()
  const revalidate = useRevalidation()
  const navigate = useNavigate()
  const apply = useBatches(useCallback((events) => change({ type: 'events', events }), []))

  const known = useRef(read)
  useEffect(() => {
    if (known.current === read) return
    known.current = read
    apply.drop()
    change({ type: 'read', state: stateOf(read) })
  }, [read, apply])

  // Once for each run: what is told a second time must not read in circles.
  const readFor = useRef(new Set<string>())
  const readAgainFor = (event: ConversationEvent) => {
    if (!('run' in event) || readFor.current.has(event.run.id)) return
    if (!supersedes(state.messages, event)) return
    readFor.current.add(event.run.id)
    revalidate()
  }
  useConversationEvents(read, {
    event(event) {
      readAgainFor(event)
      if (event.__typename === 'ConversationUpdated') note(event.conversation)
      apply.add(event)
      onEvent?.(event)
    },
    resync: revalidate,
    gone() {
      forget(read.id)
      navigate('/dashboard/chat', { replace: true })
    },
  })
  const title = useShownTitle()(state.title)
  useEffect(() => {
    document.title = `${title} · Parley`
  }, [title])
  return [state, change] as const
}

function stateOf({ title, activeRun, runs, messages }: ReadConversation): ConversationState {
  const newest = runs.edges[0]?.node ?? null
  return {
    title,
    activeRun,
    lastRun: newest?.id === activeRun?.id ? null : newest,
    messages: messages.edges.map(({ node }) => node),
  }
}

/** Hands events on once per frame: tokens come faster than anybody can see. */
function useBatches(flush: (events: ConversationEvent[]) => void) {
  const current = useState(() => createBatches(flush))[0]
  useEffect(() => current.drop, [current])
  return current
}

function createBatches(flush: (events: ConversationEvent[]) => void) {
  let waiting: ConversationEvent[] = []
  let frame = 0
  return {
    add(event: ConversationEvent) {
      waiting.push(event)
      frame ||= requestAnimationFrame(() => {
        frame = 0
        const events = waiting
        waiting = []
        flush(events)
      })
    },
    drop() {
      cancelAnimationFrame(frame)
      frame = 0
      waiting = []
    },
  }
}
