import { Migration } from '@mikro-orm/migrations'
import { searchFunctions, searchPreparations, searchTables } from './0001-search.ts'

/** In the order in which they are made: parents first. */
const ownedTables = [
  'search_word',
  'import_job',
  'conversation',
  'message',
  'run',
  'tool_call',
  'run_event',
  'idempotency_key',
  'task',
  'api_key',
  'rate_bucket',
  'attachment',
]

/** Better Auth's tables as it wants them, then ours with the two things that keep users apart: policies and owned keys. */
export class FirstTables extends Migration {
  override up(): void {
    for (const statement of [...searchPreparations, ...authTables, ...productTables, ...searchTables])
      this.addSql(statement)
    for (const table of ownedTables) for (const statement of keptApart(table)) this.addSql(statement)
    for (const statement of [...foreignKeys, ...searchFunctions]) this.addSql(statement)
  }
}

const authTables = [
  `create table "auth_user" (
    "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
    "name" text not null,
    "email" text not null unique,
    "emailVerified" boolean not null,
    "image" text,
    "createdAt" timestamptz default current_timestamp not null,
    "updatedAt" timestamptz default current_timestamp not null
  )`,
  `create table "auth_session" (
    "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
    "expiresAt" timestamptz not null,
    "token" text not null unique,
    "createdAt" timestamptz default current_timestamp not null,
    "updatedAt" timestamptz not null,
    "ipAddress" text,
    "userAgent" text,
    "userId" uuid not null references "auth_user" ("id") on delete cascade
  )`,
  `create table "auth_account" (
    "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
    "accountId" text not null,
    "providerId" text not null,
    "userId" uuid not null references "auth_user" ("id") on delete cascade,
    "accessToken" text,
    "refreshToken" text,
    "idToken" text,
    "accessTokenExpiresAt" timestamptz,
    "refreshTokenExpiresAt" timestamptz,
    "scope" text,
    "password" text,
    "createdAt" timestamptz default current_timestamp not null,
    "updatedAt" timestamptz not null
  )`,
  `create table "auth_verification" (
    "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
    "identifier" text not null,
    "value" text not null,
    "expiresAt" timestamptz not null,
    "createdAt" timestamptz default current_timestamp not null,
    "updatedAt" timestamptz default current_timestamp not null
  )`,
  `create table "auth_jwks" (
    "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
    "publicKey" text not null,
    "privateKey" text not null,
    "createdAt" timestamptz not null,
    "expiresAt" timestamptz,
    "alg" text,
    "crv" text
  )`,
  'create index "auth_session_userId_idx" on "auth_session" ("userId")',
  'create index "auth_account_userId_idx" on "auth_account" ("userId")',
  'create index "auth_verification_identifier_idx" on "auth_verification" ("identifier")',
]

const productTables = [
  `create table "conversation" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "title" varchar(200) not null default 'New conversation',
    "titled_by" text not null default 'nobody',
    "created_at" timestamptz(3) not null,
    "updated_at" timestamptz(3) not null,
    "archived_at" timestamptz(3) null,
    "pinned_at" timestamptz(3) null,
    "pinned" boolean generated always as (pinned_at is not null) stored not null,
    "revision" int not null default 0,
    "last_sequence" int not null default 0,
    "last_run_number" int not null default 0,
    "log_run" int not null default 0,
    "log_attempt" int not null default 0,
    "log_seq" int not null default 0,
    "origin" varchar(200) null,
    "search" tsvector generated always as (to_tsvector('public.parley', title::text)) stored not null,
    constraint "conversation_owner_uq" unique ("id", "user_id"),
    constraint "conversation_titled_by_check" check ("titled_by" in ('nobody', 'model', 'user'))
  )`,
  ...['', ' where archived_at is null', ' where archived_at is not null'].map(
    (which, at) =>
      `create index "conversation_${['list', 'listed', 'archived'][at]}_idx" on "conversation" ("user_id", "pinned" desc, "updated_at" desc, "id" desc)${which}`,
  ),

  'create unique index "conversation_origin_uq" on "conversation" ("user_id", "origin") where origin is not null',
  'create index "conversation_begun_idx" on "conversation" ("user_id", "created_at", "id")',

  `create table "message" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "conversation_id" uuid not null,
    "run_id" uuid null,
    "sequence" int not null,
    "role" text not null,
    "content" text not null default '',
    "status" text not null,
    "reasoning" jsonb null,
    "created_at" timestamptz(3) not null,
    "superseded_at" timestamptz(3) null,
    "replaces_id" uuid null,
    "feedback" text null,
    "search" tsvector generated always as (to_tsvector('public.parley', left(content, 100000))) stored not null,
    constraint "message_owner_uq" unique ("user_id", "id"),
    constraint "message_position_uq" unique ("conversation_id", "sequence"),
    constraint "message_role_check" check ("role" in ('USER', 'ASSISTANT', 'SYSTEM')),
    constraint "message_status_check" check ("status" in ('STREAMING', 'COMPLETE', 'STOPPED', 'INTERRUPTED', 'FAILED')),
    constraint "message_feedback_check" check ("feedback" in ('UP', 'DOWN'))
  )`,
  'create index "message_run_idx" on "message" ("run_id")',
  'create index "message_replaces_idx" on "message" ("replaces_id") where replaces_id is not null',

  `create table "run" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "conversation_id" uuid not null,
    "message_id" uuid not null,
    "number" int null,
    "status" text not null,
    "ahead" boolean not null default false,
    "model" varchar(200) not null,
    "client_tools" jsonb null,
    "time_zone" varchar(64) null,
    "owner_id" uuid null,
    "lease_until" timestamptz(3) null,
    "attempt" int not null default 1,
    "last_seq" int not null default 0,
    "fruitless" int not null default 0,
    "stop_requested_at" timestamptz(3) null,
    "usage" jsonb null,
    "failure" jsonb null,
    "repairs" jsonb null,
    "created_at" timestamptz(3) not null,
    "started_at" timestamptz(3) null,
    "finished_at" timestamptz(3) null,
    "log_swept_at" timestamptz(3) null,
    constraint "run_owner_uq" unique ("id", "user_id"),
    constraint "run_number_uq" unique ("conversation_id", "number"),
    constraint "run_status_check" check ("status" in
      ('QUEUED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPLETED', 'STOPPED', 'FAILED', 'INTERRUPTED'))
  )`,
  `create unique index "run_active_uq" on "run" ("conversation_id") where status in ('RUNNING', 'AWAITING_APPROVAL')`,
  `create index "run_lease_idx" on "run" ("lease_until") where status = 'RUNNING'`,
  'create index "run_message_idx" on "run" ("message_id")',
  'create index "run_list_idx" on "run" ("conversation_id", "id" desc)',
  `create index "run_queue_idx" on "run" ("conversation_id", "ahead" desc, "id") where status = 'QUEUED'`,
  'create index "run_log_idx" on "run" ("finished_at") where log_swept_at is null',

  `create table "tool_call" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "conversation_id" uuid not null,
    "run_id" uuid not null,
    "message_id" uuid not null,
    "position" int not null,
    "provider_id" varchar(200) not null,
    "called_as" varchar(200) not null,
    "name" varchar(200) not null,
    "server" varchar(200) not null,
    "title" varchar(500) null,
    "arguments_text" text not null,
    "subject" text null,
    "status" text not null,
    "result" jsonb null,
    "result_text" text null,
    "result_parts" jsonb null,
    "result_images" jsonb null,
    "decision" text null,
    "denial_reason" text null,
    "error" jsonb null,
    "progress" jsonb null,
    "started_at" timestamptz(3) null,
    "finished_at" timestamptz(3) null,
    constraint "tool_call_owner_uq" unique ("id", "user_id"),
    constraint "tool_call_position_uq" unique ("message_id", "position"),
    constraint "tool_call_status_check" check ("status" in
      ('PENDING', 'AWAITING_APPROVAL', 'RUNNING', 'SUCCEEDED', 'FAILED', 'DENIED', 'CANCELLED', 'OUTCOME_UNKNOWN')),
    constraint "tool_call_decision_check" check ("decision" in ('APPROVE', 'DENY'))
  )`,
  'create index "tool_call_run_idx" on "tool_call" ("run_id")',
  'create index "tool_call_conversation_idx" on "tool_call" ("conversation_id")',

  `create table "run_event" (
    "run_id" uuid not null,
    "attempt" int not null,
    "last_seq" int not null,
    "user_id" uuid not null,
    "event" jsonb not null,
    primary key ("run_id", "attempt", "last_seq")
  )`,

  `create table "import_job" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "status" text not null,
    "format" varchar(20) null,
    "problem" text null,
    "total" int not null default 0,
    "imported" int not null default 0,
    "present" int not null default 0,
    "skipped" int not null default 0,
    "report" jsonb null,
    "created_at" timestamptz(3) not null,
    "updated_at" timestamptz(3) not null,
    "finished_at" timestamptz(3) null,
    constraint "import_job_status_check" check ("status" in ('RUNNING', 'DONE', 'FAILED'))
  )`,
  'create index "import_job_list_idx" on "import_job" ("user_id", "created_at" desc, "id" desc)',

  `create table "idempotency_key" (
    "user_id" uuid not null,
    "key" varchar(128) not null,
    "hash" varchar(64) not null,
    "result" jsonb null,
    "created_at" timestamptz(3) not null,
    primary key ("user_id", "key")
  )`,
  'create index "idempotency_key_age_idx" on "idempotency_key" ("created_at")',

  `create table "task" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "title" text not null,
    "notes" text null,
    "due_on" date null,
    "completed_at" timestamptz(3) null,
    "created_at" timestamptz(3) not null,
    "updated_at" timestamptz(3) not null,
    constraint "task_owner_uq" unique ("id", "user_id")
  )`,
  'create index "task_list_idx" on "task" ("user_id", "created_at" desc, "id" desc)',

  `create table "api_key" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "name" varchar(100) not null,
    "hash" varchar(64) not null,
    "start" varchar(20) not null,
    "scopes" jsonb not null,
    "created_at" timestamptz(3) not null,
    "expires_at" timestamptz(3) not null,
    "last_used_at" timestamptz(3) null,
    constraint "api_key_hash_uq" unique ("user_id", "hash")
  )`,

  `create table "attachment" (
    "id" uuid not null primary key,
    "user_id" uuid not null,
    "message_id" uuid null,
    "position" int not null default 0,
    "name" varchar(255) not null,
    "media_type" varchar(100) not null,
    "size" int not null,
    "bytes" bytea null,
    "uploaded_at" timestamptz(3) null,
    "created_at" timestamptz(3) not null
  )`,
  'create index "attachment_message_idx" on "attachment" ("message_id", "position")',
  'create index "attachment_draft_idx" on "attachment" ("created_at") where message_id is null',

  // What is counted here is worth nothing after a crash: the log is spared it.
  `create unlogged table "rate_bucket" (
    "user_id" uuid not null,
    "bucket" varchar(100) not null,
    "window_at" timestamptz(3) not null,
    "used" int not null,
    "granted" int not null,
    primary key ("user_id", "bucket")
  )`,
]

const owner = `user_id = (select nullif(current_setting('app.user_id', true), ''))::uuid`

/** Granted table by table, never by default: the tables of Better Auth have no policies and are nobody else's. */
function keptApart(table: string): string[] {
  return [
    `alter table "${table}" enable row level security`,
    `alter table "${table}" force row level security`,
    `create policy "${table}_owner" on "${table}" to "app_user" using (${owner}) with check (${owner})`,
    `create policy "${table}_system" on "${table}" to "app_system" using (true) with check (true)`,
    `grant select, insert, update, delete on "${table}" to app_user, app_system`,
  ]
}

/**
 * A child names its parent together with the owner, so that it cannot hang on another user's row. Checked at the
 * commit: within a transaction rows may be written in any order.
 */
const foreignKeys = [
  ...[
    'search_word',
    'import_job',
    'conversation',
    'idempotency_key',
    'task',
    'api_key',
    'rate_bucket',
    'attachment',
  ].map(
    (table) =>
      `alter table "${table}" add constraint "${table}_user_fk" foreign key ("user_id") references "auth_user" ("id") on delete cascade`,
  ),
  owned('message', 'conversation'),
  owned('run', 'conversation'),
  owned('tool_call', 'conversation'),
  owned('run', 'message'),
  owned('tool_call', 'message'),
  owned('message', 'run'),
  owned('tool_call', 'run'),
  owned('run_event', 'run'),
  owned('attachment', 'message'),
  `alter table "message" add constraint "message_replaces_fk" foreign key ("replaces_id", "user_id")
    references "message" ("id", "user_id") on delete set null ("replaces_id") deferrable initially deferred`,
]

function owned(child: string, parent: string): string {
  return `alter table "${child}" add constraint "${child}_${parent}_fk" foreign key ("${parent}_id", "user_id")
    references "${parent}" ("id", "user_id") on delete cascade deferrable initially deferred`
}
