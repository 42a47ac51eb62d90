import { Migration } from '@mikro-orm/migrations'

/** Lists of open and of done tasks: whoever has done thousands has few that are open. */
export class TaskIndexes extends Migration {
  override up(): void {
    const rows = '"task" ("user_id", "created_at" desc, "id" desc)'
    this.addSql(`create index "task_open_idx" on ${rows} where completed_at is null`)
    this.addSql(`create index "task_done_idx" on ${rows} where completed_at is not null`)
  }
}
