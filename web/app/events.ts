import { useEffect, useRef, useSyncExternalStore } from 'react'
import { graphql } from '../../schema/generated/gql.ts'
import type { ConversationEventsSubscription, ViewerEventsSubscription } from '../../schema/generated/graphql.ts'
import { type Connection, TabStream, type Wanted } from './tab-stream.ts'

const ConversationEvents = graphql(`
  subscription ConversationEvents($conversationId: ID!, $after: String) {
    conversationEvents(conversationId: $conversationId, after: $after) {
      __typename
      cursor
      ... on ConversationUpdated {
        conversation {
          ...ConversationListFields
          activeRun {
            ...RunFields
          }
        }
      }
      ... on RunStarted {
        run {
          ...RunFields
        }
        message {
          ...MessageFields
        }
      }
      ... on ModelBusy {
        retryAfterMs
      }
      ... on MessageStarted {
        message {
          ...MessageFields
        }
      }
      ... on MessageDelta {
        messageId
        delta
      }
      ... on MessageReset {
        messageId
      }
      ... on MessageCompleted {
        message {
          ...MessageFields
        }
      }
      ... on ToolCallChanged {
        toolCall {
          ...ToolCallFields
          message {
            id
          }
        }
      }
      ... on RunEnded {
        run {
          ...RunFields
        }
      }
    }
  }
`)

const ViewerEvents = graphql(`
  subscription ViewerEvents {
    viewerEvents {
      __typename
      ... on TaskChanged {
        taskId
        task {
          ...TaskFields
        }
      }
      ... on ConversationChanged {
        conversationId
        conversation {
          ...ConversationListFields
        }
      }
    }
  }
`)

/** Something that happened in a conversation. Kinds that this page does not know may come, and mean nothing to it. */
export type ConversationEvent = ConversationEventsSubscription['conversationEvents']

/** Something of the viewer's that changed, as it is now. */
export type ViewerEvent = ViewerEventsSubscription['viewerEvents']

// The server renders pages too, but follows nothing.
const stream = typeof document === 'undefined' ? null : new TabStream()

if (stream) {
  document.addEventListener('visibilitychange', () => stream.reconsider())
  window.addEventListener('online', () => stream.reconsider())
  window.addEventListener('offline', () => stream.again())
  window.addEventListener('pageshow', () => stream.reconsider())
}

/** Closes the tab's stream while another one brings the same, until the function that is given back is called. */
export const holdEvents = () => stream?.hold() ?? (() => {})

/** Tries again at once, as when a person asks for it. */
export const reconnect = () => stream?.reconsider()

/** How the stream of this tab stands. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (tell) => stream?.watch(tell) ?? (() => {}),
    () => stream?.connection ?? 'connecting',
    () => 'connecting',
  )
}

type ConversationReader = {
  event: (event: ConversationEvent) => void
  /** Everything has to be read again. */
  resync: () => void
  /** It was deleted. */
  gone: () => void
}

/** Follows a conversation from where its history was read, as long as the component is there. */
export function useConversationEvents(conversation: { id: string; eventCursor: string }, reader: ConversationReader) {
  const { id, eventCursor } = conversation
  const latest = useLatest(reader)
  useEffect(() => {
    return stream?.follow<ConversationEvent>({
      document: ConversationEvents,
      variables: { conversationId: id },
      after: eventCursor,
      next: (event) => latest.current.event(event),
      resync: () => latest.current.resync(),
      gone: () => latest.current.gone(),
    })
  }, [id, eventCursor, latest])
}

type ViewerReader = {
  event: (event: ViewerEvent) => void
  /** The stream stands: `first` is false when changes may have been missed before. */
  opened?: (first: boolean) => void
}

const viewerReaders = new Set<{ current: ViewerReader }>()
let unfollowViewer = () => {}

/** Hears what changes of the viewer's, on pages that follow no conversation. Any number of components share the stream. */
export function useViewerEvents(reader: ViewerReader) {
  const latest = useLatest(reader)
  useEffect(() => {
    if (viewerReaders.size === 0) unfollowViewer = followViewer()
    viewerReaders.add(latest)
    return () => {
      viewerReaders.delete(latest)
      if (viewerReaders.size === 0) unfollowViewer()
    }
  }, [latest])
}

function followViewer(): () => void {
  const wanted: Wanted<ViewerEvent> = {
    document: ViewerEvents,
    variables: {},
    next: (event) => {
      for (const reader of viewerReaders) reader.current.event(event)
    },
    opened: (first) => {
      for (const reader of viewerReaders) reader.current.opened?.(first)
    },
  }
  return stream?.follow(wanted, { background: true }) ?? (() => {})
}

function useLatest<T>(value: T) {
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  return latest
}
