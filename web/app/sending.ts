import { graphql } from '../../schema/generated/gql.ts'

/** Says something, in a conversation or, without one, in a new one; answers with what the page then shows. */
export const Say = graphql(`
  mutation Say($input: SendMessageInput!) {
    sendMessage(input: $input) {
      conversation {
        ...ConversationListFields
        eventCursor
      }
      message {
        ...MessageFields
      }
      run {
        ...RunFields
      }
    }
  }
`)

export const Stop = graphql(`
  mutation Stop($input: StopRunInput!) {
    stopRun(input: $input) {
      run {
        ...RunFields
      }
    }
  }
`)

/** Has a message of the person's answered again; what followed it is superseded. */
export const SayAgain = graphql(`
  mutation SayAgain($input: RetryMessageInput!) {
    retryMessage(input: $input) {
      run {
        ...RunFields
      }
    }
  }
`)

/** Says a message anew. The events of the new run say what it replaces. */
export const SayInstead = graphql(`
  mutation SayInstead($input: EditMessageInput!) {
    editMessage(input: $input) {
      message {
        ...MessageFields
      }
      run {
        ...RunFields
      }
    }
  }
`)

export const Rate = graphql(`
  mutation Rate($input: RateMessageInput!) {
    rateMessage(input: $input) {
      message {
        id
        feedback
      }
    }
  }
`)

/** Says yes or no to a tool that waits for a person. */
export const Decide = graphql(`
  mutation Decide($input: DecideToolCallInput!) {
    decideToolCall(input: $input) {
      toolCall {
        ...ToolCallFields
        message {
          id
        }
      }
    }
  }
`)
