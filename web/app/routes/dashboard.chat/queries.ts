import { graphql } from '../../../../schema/generated/gql.ts'

/** What this server can do in a chat besides answering. */
export const Abilities = graphql(`
  query Abilities {
    dictation
  }
`)
