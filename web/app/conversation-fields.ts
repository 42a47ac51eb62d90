import { graphql } from '../../schema/generated/gql.ts'

/** What pages and events show of a conversation's parts; one place, so that what is read and what is told fit together. */
export const ConversationListFields = graphql(`
  fragment ConversationListFields on Conversation {
    id
    title
    updatedAt
    pinnedAt
    archivedAt
    activeRun {
      id
    }
  }
`)

export const RunFields = graphql(`
  fragment RunFields on Run {
    id
    status
    model
    usage {
      inputTokens
      outputTokens
    }
    error {
      code
      message
      retryable
      waitSeconds
    }
  }
`)

export const ToolCallFields = graphql(`
  fragment ToolCallFields on ToolCall {
    id
    name
    server
    title
    arguments
    subject
    status
    startedAt
    finishedAt
    result
    resultTruncated
    resultParts {
      kind
      title
      uri
      mimeType
      bytes
    }
    denialReason
    error {
      code
      message
    }
    progress {
      progress
      total
      message
    }
  }
`)

export const MessageFields = graphql(`
  fragment MessageFields on Message {
    id
    sequence
    role
    content
    status
    createdAt
    feedback
    replaces {
      id
    }
    attachments {
      id
      name
      mediaType
      size
      url
    }
    run {
      id
      model
      status
      usage {
        inputTokens
        outputTokens
      }
    }
    toolCalls {
      ...ToolCallFields
    }
  }
`)

export const TaskFields = graphql(`
  fragment TaskFields on Task {
    id
    title
    notes
    dueOn
    completedAt
    createdAt
    updatedAt
  }
`)
