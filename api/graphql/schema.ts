import { builder } from './builder.ts'
import './api-key.ts'
import './attachment.ts'
import './conversation.ts'
import './conversation-event.ts'
import './message.ts'
import './node.ts'
import './rate-limit.ts'
import './run.ts'
import './search.ts'
import './task.ts'
import './tool-call.ts'
import './tool-server.ts'
import './user.ts'
import './viewer-event.ts'
import { withScopes } from './scopes.ts'

/** The whole GraphQL API. Made without a database: to be printed, or to be served. */
export const schema = withScopes(builder.toSchema())
