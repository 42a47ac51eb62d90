import { graphql } from '../../../../schema/generated/gql.ts'

export const ApiKeyFields = graphql(`
  fragment ApiKeyFields on ApiKey {
    id
    name
    start
    scopes
    createdAt
    expiresAt
    lastUsedAt
  }
`)

export const SettingsPage = graphql(`
  query SettingsPage {
    viewer {
      id
      name
      email
      apiKeys {
        ...ApiKeyFields
      }
    }
    toolServers {
      ...ToolServerFields
    }
  }
`)

export const ToolServerFields = graphql(`
  fragment ToolServerFields on ToolServer {
    name
    status
    error
    tools {
      name
      server
      title
      description
      readOnly
      idempotent
      destructive
      needsApproval
    }
  }
`)

/** The health of the tool servers as it is now. */
export const ToolServers = graphql(`
  query ToolServers {
    toolServers {
      ...ToolServerFields
    }
  }
`)

export const MakeKey = graphql(`
  mutation MakeKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      apiKey {
        ...ApiKeyFields
      }
      key
    }
  }
`)

export const RevokeKey = graphql(`
  mutation RevokeKey($input: RevokeApiKeyInput!) {
    revokeApiKey(input: $input) {
      revokedId
    }
  }
`)

/** Whether an import is at work that was begun earlier. */
export const NewestImports = graphql(`
  query NewestImports {
    imports {
      id
      status
    }
  }
`)
