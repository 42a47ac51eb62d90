import { ApiKey } from '../auth/api-key.entity.ts'
import { Attachment } from '../conversations/attachment.entity.ts'
import { Conversation } from '../conversations/conversation.entity.ts'
import { Message } from '../conversations/message.entity.ts'
import { SearchWord } from '../conversations/search-word.entity.ts'
import { IdempotencyKey } from '../runs/idempotency.entity.ts'
import { Run } from '../runs/run.entity.ts'
import { RunEventRow } from '../runs/run-event.entity.ts'
import { ToolCall } from '../runs/tool-call.entity.ts'
import { Task } from '../tasks/task.entity.ts'
import { ImportJob } from '../transfer/import-job.entity.ts'

/** Every table of the product, parents first. Better Auth's own tables are not entities. */
export const entities = [
  SearchWord,
  ImportJob,
  Conversation,
  Message,
  Run,
  ToolCall,
  RunEventRow,
  IdempotencyKey,
  Task,
  ApiKey,
  Attachment,
]
