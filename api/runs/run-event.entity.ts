import { defineEntity, PrimaryKeyProp, p } from '@mikro-orm/core'
import { ownedTable } from '../auth/ownership.ts'
import type { StoredEvent } from './run-event.ts'

const schema = defineEntity({
  name: 'RunEventRow',
  ...ownedTable('run_event'),
  properties: {
    runId: p.uuid().primary(),
    attempt: p.integer().primary(),
    /** A row holds one finished event, or a chunk of deltas that is named by its last number. */
    lastSeq: p.integer().primary(),
    userId: p.uuid(),
    event: p.json<StoredEvent>(),
  },
})

/** A stretch of a run's log. Kept until 24 hours after the run's end. */
export class RunEventRow extends schema.class {
  declare [PrimaryKeyProp]?: ['runId', 'attempt', 'lastSeq']
}
schema.setClass(RunEventRow)
