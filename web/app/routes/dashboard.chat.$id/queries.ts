import { graphql } from '../../../../schema/generated/gql.ts'

/** History and the place to follow it from, in one request. */
export const ChatPage = graphql(`
  query ChatPage($id: ID!, $last: Int!) {
    conversation(id: $id) {
      id
      title
      eventCursor
      activeRun {
        ...RunFields
      }
      runs(first: 1) {
        edges {
          node {
            ...RunFields
          }
        }
      }
      messages(last: $last) {
        pageInfo {
          hasPreviousPage
          startCursor
        }
        edges {
          node {
            ...MessageFields
          }
        }
      }
    }
  }
`)

export const EarlierMessages = graphql(`
  query EarlierMessages($id: ID!, $last: Int!, $before: String!) {
    conversation(id: $id) {
      id
      messages(last: $last, before: $before) {
        pageInfo {
          hasPreviousPage
          startCursor
        }
        edges {
          node {
            ...MessageFields
          }
        }
      }
    }
  }
`)
