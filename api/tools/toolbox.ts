import type { Viewer } from '../auth/viewer.ts'
import type { ResultPart } from './result-parts.ts'

/** All tools of all servers. Made once per process; gives out one toolbox per run, bound to the run's user. */
export interface Toolboxes {
  /** The tools as this viewer may use them. Closing it ends what was opened for it. */
  open(viewer: Viewer): Promise<Toolbox>
  /** Every server with its health and tools, for people to look at. */
  servers(viewer: Viewer): Promise<ToolServer[]>
  close(): Promise<void>
}

/** What the loop needs of tools. */
export interface Toolbox {
  /** What is offered to the model, read anew at each turn. */
  offered(): readonly ToolSpec[]
  /** What `call` would refuse without running anything: an unknown tool, unusable arguments. Null: nothing. */
  check(call: ToolRequest): (ToolResult & { ok: false }) | null
  /**
   * Calls a tool as the toolbox's user. Resolves even when the tool fails: a failure is an answer that the model must
   * read. Rejects only with the reason of an aborted `signal`.
   */
  call(call: ToolRequest, signal: AbortSignal, onProgress?: (progress: ToolProgress) => void): Promise<ToolResult>
  /**
   * What the call is about, by a name that its user knows (the title of a task, where the arguments have an id). Null when
   * that cannot be told. Never rejects.
   */
  subject(call: ToolRequest): Promise<string | null>
  close(): Promise<void>
}

export type ToolSpec = {
  /** The name that the model uses: unique, `[a-zA-Z0-9_-]{1,64}`. */
  calledAs: string
  /** The name that the tool server uses. */
  name: string
  server: string
  title: string | null
  description: string
  /** JSON Schema of the arguments. */
  inputSchema: Record<string, unknown>
  readOnly: boolean
  idempotent: boolean
  destructive: boolean
  /** Whether a person is asked before it runs. */
  needsApproval: boolean
}

/** `calledAs` as the model said it, `argumentsText` the raw text: what they mean is for the toolbox to find out. */
export type ToolRequest = {
  calledAs: string
  argumentsText: string
  /** A person has allowed this call. Without it, a tool that needs approval is not run. */
  approved?: boolean
}

export type ToolProgress = { progress: number; total?: number; message?: string }

export type ToolResult =
  | {
      ok: true
      /** Structured content when the tool gave it. */
      structured: object | null
      /** The whole result as text. */
      text: string
      /** What it has besides, for people to look at. */
      parts?: readonly ResultPart[]
    }
  | { ok: false; code: ToolErrorCode; message: string; text: string }

/** What may go wrong with a call. The names are a public contract. */
export type ToolErrorCode =
  | 'TOOL_NOT_FOUND'
  | 'TOOL_BAD_ARGUMENTS'
  | 'TOOL_FAILED'
  | 'TOOL_TIMEOUT'
  | 'TOOL_UNAVAILABLE'
  | 'TOOL_BAD_RESULT'
  | 'TOOL_OUTCOME_UNKNOWN'
  | 'TOOL_DENIED'
  | 'TOOL_CANCELLED'

export type ToolServer = {
  name: string
  status: 'CONNECTED' | 'CONNECTING' | 'UNAVAILABLE'
  error: string | null
  tools: ToolSpec[]
}
