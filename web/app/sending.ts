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
