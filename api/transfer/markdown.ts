import { setImmediate as afterOthers } from 'node:timers/promises'
import type { Units } from '../auth/units.ts'
import type { Viewer } from '../auth/viewer.ts'
import type { Message } from '../conversations/message.entity.ts'
import { toolCallsOfMessages } from '../runs/reading.ts'
import type { ToolCall } from '../runs/tool-call.entity.ts'
import { type ExportOptions, exported, messagePages } from './export.ts'
import { code, harmless, plain } from './harmless-markdown.ts'

/** The viewer's conversations to be read by people: what is shown, not what was superseded. */
export async function* exportMarkdown(
  units: Units,
  viewer: Viewer,
  options: ExportOptions = {},
): AsyncGenerator<string> {
  for await (const [conversation, em] of exported(units, viewer, options)) {
    yield `# ${plain(conversation.title)}\n\n*${conversation.createdAt.toISOString()}*\n\n`
    for await (const page of messagePages(em, viewer, conversation.id)) {
      const shown = page.filter((it) => it.supersededAt == null && it.status !== 'STREAMING')
      const calls = await toolCallsOfMessages(
        em,
        viewer,
        shown.map(({ id }) => id),
      )
      for (const message of shown) {
        yield said(message, calls.get(message.id) ?? [])
        // To parse a long text takes its time: whoever else waits for this process has a turn in between.
        await afterOthers()
      }
    }
  }
}

const names = { USER: 'You', ASSISTANT: 'Assistant', SYSTEM: 'Instructions' } as const
const endings = { STOPPED: '*(stopped)*', INTERRUPTED: '*(interrupted)*', FAILED: '*(failed)*' } as const

function said({ role, content, status }: Message, calls: readonly ToolCall[]): string {
  const ending = status in endings ? endings[status as keyof typeof endings] : ''
  const parts = [harmless(content), ...calls.map(called), ending].filter((it) => it !== '')
  return parts.length === 0 ? '' : `## ${names[role]}\n\n${parts.join('\n\n')}\n\n`
}

const called = ({ server, name, status }: ToolCall) => `> ${plain(server)}: ${code(name)} (${status.toLowerCase()})`
