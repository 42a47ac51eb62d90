import type { SqlEntityManager } from '@mikro-orm/sql'
import type { z } from 'zod'
import type { Scope, Viewer } from '../../auth/viewer.ts'
import type { Bell } from '../../bell/bell.ts'
import type { Limits } from '../../limits.ts'
import type { PageLimits } from '../../page.ts'
import type { TaskLimits } from '../../tasks/tasks.ts'

/** Those that hold for what our own tools are asked, as they hold for people. */
export type OwnToolLimits = TaskLimits & PageLimits & Pick<Limits, 'searchCharacters'>

/** What a tool works with: a unit of work of its own, for the user whom the server belongs to. */
export type ToolContext = {
  em: SqlEntityManager
  viewer: Viewer
  bell: Bell
  limits: OwnToolLimits
  /** Aborts when nobody waits for the result any more. */
  signal: AbortSignal
  /** Says how far it is to whoever wants to know. */
  tell(progress: number, total: number): Promise<void>
}

/** One tool of ours. The user is never among its arguments. */
export type Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> = {
  name: string
  title: string
  /** For the model: what it does and when to use it. */
  description: string
  /** What a credential must allow for it. */
  scope: Scope
  /** It changes nothing. */
  readOnly: boolean
  /** The same call once more has no further effect. */
  idempotent: boolean
  /** What it does cannot be undone. */
  destructive: boolean
  input: Input
  output: Output
  /**
   * What a call is about, by the name that the person knows it under: so that they are not asked about an id. May reject
   * when there is no such thing.
   */
  subject?(args: z.output<Input>, context: Pick<ToolContext, 'em' | 'viewer'>): Promise<string>
  /** What an AppError says is told to the model; any other error is a failure without details. */
  run(args: z.output<Input>, context: ToolContext): Promise<z.input<Output>>
}

/** Ties the types of a tool's input, output and work together. */
export function tool<Input extends z.ZodObject, Output extends z.ZodObject>(tool: Tool<Input, Output>) {
  return tool
}

/** Where a failed result has its error code for programs: a name of our own, since the protocol has no place for it. */
export const errorCodeKey = 'parley/errorCode'

/** And the id of what nobody foresaw, which is in the log. */
export const errorIdKey = 'parley/errorId'
