import { graphql } from '../../../../schema/generated/gql.ts'

/** What stands beside every page: who is signed in, and the newest conversations. */
export const Frame = graphql(`
  query Frame($first: Int!) {
    viewer {
      id
      name
      email
    }
    models
    conversations(first: $first) {
      edges {
        node {
          ...ConversationListFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

export const MoreConversations = graphql(`
  query MoreConversations($first: Int!, $after: String!) {
    conversations(first: $first, after: $after) {
      edges {
        node {
          ...ConversationListFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

export const ChangeConversation = graphql(`
  mutation ChangeConversation($input: UpdateConversationInput!) {
    updateConversation(input: $input) {
      conversation {
        ...ConversationListFields
      }
    }
  }
`)

export const RemoveConversation = graphql(`
  mutation RemoveConversation($input: DeleteConversationInput!) {
    deleteConversation(input: $input) {
      deletedId
    }
  }
`)
