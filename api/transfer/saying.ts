import type { BundleMessage, BundleRun, BundleToolCall, MovedConversation } from './bundle.ts'

/** A tool that the assistant used elsewhere, and what came of it; null when the export does not tell. */
export type ForeignCall = { id: string; name: string; arguments: string; result: string | null; failed?: boolean }

export type Said = {
  role: BundleMessage['role']
  content: string
  status?: BundleMessage['status']
  feedback?: BundleMessage['feedback']
  /** Which model said it. */
  model?: string | null
  calls?: readonly ForeignCall[]
  /** Files of which the export has the text. */
  files?: readonly { name: string | null | undefined; text: string }[]
}

/** What a message hangs on: the user message that is answered, and the run that answers it. */
export type Above = { user: number | null; run: BundleRun | null }

/** What PostgreSQL cannot keep as text is left out. */
export const clean = (text: string) => text.replaceAll('\0', '').toWellFormed()

const short = (text: string, most: number) => clean(text.slice(0, most))

/** Puts messages of another program down as ours, one by one, with the runs in which the assistant said them. */
export class Saying {
  readonly all: Pick<MovedConversation, 'messages' | 'attachments' | 'runs'> = {
    messages: [],
    attachments: [],
    runs: [],
  }
  readonly #program: string
  readonly #begun: Date

  /** `program` takes the place of what an export does not tell: the model, the server of a tool. */
  constructor(program: string, begun: Date) {
    this.#program = program
    this.#begun = begun
  }

  say(
    node: { said: Said; time: Date | null },
    replaces: number | null,
    supersededAt: Date | null,
    above: Above,
  ): { sequence: number; above: Above } {
    const { role, content, calls = [], status = 'COMPLETE', feedback = null } = node.said
    const at = (node.time ?? this.#begun).toISOString()
    const sequence = this.all.messages.length + 1
    const run = role === 'ASSISTANT' ? this.#runOf(node.said, at, above) : null
    // Without a question there is no run, and without one no calls: their names remain.
    const unkept = run ? [] : calls.map(({ name }) => `*(used ${clean(name)})*`)
    this.all.messages.push({
      type: 'message',
      sequence,
      role,
      content: [clean(content), ...unkept].filter((it) => it !== '').join('\n\n'),
      status,
      createdAt: at,
      supersededAt: supersededAt?.toISOString() ?? null,
      replaces,
      feedback: role === 'ASSISTANT' ? feedback : null,
      run: run?.run ?? null,
      toolCalls: run ? calls.map((call) => this.#call(call, at)) : [],
    } satisfies BundleMessage)
    if (role === 'USER') this.#files(node.said, sequence, at)
    return { sequence, above: role === 'USER' ? { user: sequence, run: null } : { ...above, run } }
  }

  /** The one that goes on, or a new one; none when nothing is known that a run would tell. */
  #runOf({ model, calls }: Said, at: string, { user, run }: Above): BundleRun | null {
    if (run && (model == null || short(model, 200) === run.model)) {
      if (at > (run.finishedAt ?? '')) run.finishedAt = at
      return run
    }
    if (user === null || (model == null && !calls?.length)) return null
    const begun: BundleRun = {
      ...{ type: 'run', run: this.all.runs.length + 1, message: user, status: 'COMPLETED', attempt: 1 },
      model: short(model ?? this.#program, 200),
      ...{ usage: null, error: null, createdAt: at, startedAt: at, finishedAt: at },
    }
    this.all.runs.push(begun)
    return begun
  }

  #call({ id, name, arguments: args, result, failed }: ForeignCall, at: string): BundleToolCall {
    const isUnknown = result === null
    return {
      providerId: short(id, 200),
      calledAs: short(name, 200),
      name: short(name, 200),
      server: this.#program,
      ...{ title: null, arguments: clean(args), subject: null },
      status: isUnknown ? 'OUTCOME_UNKNOWN' : failed ? 'FAILED' : 'SUCCEEDED',
      ...{ result: null, resultText: isUnknown ? null : clean(result), resultParts: null },
      ...{ decision: null, denialReason: null },
      error: failed && !isUnknown ? { code: 'TOOL_FAILED', message: short(result, 500) } : null,
      ...{ startedAt: at, finishedAt: at },
    }
  }

  #files({ files = [] }: Said, message: number, at: string): void {
    for (const { name, text } of files)
      this.all.attachments.push({
        ...{ type: 'attachment', message, name: fileName(name ?? ''), mediaType: 'text/plain' },
        ...{ createdAt: at, uploadedAt: at, data: Buffer.from(plain(text)).toString('base64') },
      })
  }
}

const fileName = (name: string) => short(name.replace(/[\p{Cc}\p{Bidi_Control}\\/]/gu, ' ').trim(), 250) || 'file.txt'

/** As a text that may be attached: one that begins like a picture or a PDF would be taken for one. */
const plain = (text: string) =>
  clean(text)
    .replace(/(?![\t\n\r\f])\p{Cc}/gu, '')
    .replace(/^(?=%PDF-|GIF8|RIFF)/, '\n')
