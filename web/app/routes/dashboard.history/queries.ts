import { graphql } from '../../../../schema/generated/gql.ts'

/** Conversations, the newest activity first: a page, and where the next one begins. */
export const HistoryList = graphql(`
  query HistoryList($first: Int!, $after: String, $filter: ConversationFilter) {
    conversations(first: $first, after: $after, filter: $filter) {
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

export const SearchHistory = graphql(`
  query SearchHistory(
    $query: String!
    $first: Int!
    $after: String
    $archived: Boolean
    $updatedAfter: DateTime
    $updatedBefore: DateTime
  ) {
    searchMessages(
      query: $query
      first: $first
      after: $after
      archived: $archived
      updatedAfter: $updatedAfter
      updatedBefore: $updatedBefore
    ) {
      edges {
        snippet
        node {
          id
          role
          createdAt
          conversation {
            id
            title
            archivedAt
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)
