import { graphql } from '../../schema/generated/gql.ts'

/** A piece of a long result, from so many bytes on. */
export const ResultPiece = graphql(`
  query ResultPiece($id: ID!, $offset: Int!) {
    node(id: $id) {
      ... on ToolCall {
        resultText(offset: $offset)
      }
    }
  }
`)

/** The pictures of a result: large, so they are read when somebody looks. */
export const ResultImages = graphql(`
  query ResultImages($id: ID!) {
    node(id: $id) {
      ... on ToolCall {
        resultParts {
          image
        }
      }
    }
  }
`)
