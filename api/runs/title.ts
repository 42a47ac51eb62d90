import type { Units } from '../auth/units.ts'
import { owned, scopes, type Viewer } from '../auth/viewer.ts'
import type { Bell } from '../bell/bell.ts'
import { Conversation, titleCharacters, untitled } from '../conversations/conversation.entity.ts'
import { ringConversation } from '../conversations/conversations.ts'
import { Message } from '../conversations/message.entity.ts'
import { noteAway } from '../outage.ts'
import { titleInstructions } from './instructions.ts'
import type { Model } from './model.ts'
import { Run } from './run.entity.ts'

const shortCharacters = 60

/**
 * Gives the conversation a short title after its first exchange, unless it has one. A name that the user gives meanwhile
 * stays. Never rejects: without a usable answer of the model the beginning of the message is the title. It is also after an
 * answer that failed or was stopped, when the model is not asked, until one has come.
 */
export async function giveTitle(
  parts: { units: Units; model: Model; bell: Bell },
  run: Run,
  signal: AbortSignal,
): Promise<void> {
  const viewer: Viewer = { id: run.userId, scopes }
  try {
    const em = parts.units.as(viewer)
    const nameless = await em.count(Conversation, { id: run.conversationId, titledBy: 'nobody', ...owned(viewer) })
    const question = nameless && (await em.findOne(Message, { id: run.messageId, ...owned(viewer) }))
    if (!question || question.content.trim() === '') return
    const answered = (await em.count(Run, { id: run.id, status: 'COMPLETED', ...owned(viewer) })) > 0
    const asked = answered && (await titleOf(parts.model, run.model, question.content, signal))
    const title = asked || beginningOf(question.content)
    const named = await parts.units.as(viewer).execute<{ id: string }[]>(
      `update conversation set title = ?, titled_by = ?, updated_at = ?, revision = revision + 1
       where id = ? and user_id = ? and titled_by = 'nobody' and (? or title = ?) returning id`,
      [title, answered ? 'model' : 'nobody', new Date(), run.conversationId, run.userId, answered, untitled],
    )
    if (named.length > 0) ringConversation(parts.bell, { id: run.conversationId, userId: run.userId })
  } catch (error) {
    if (!noteAway(error)) console.error(`title: ${error instanceof Error ? error.message.slice(0, 500) : error}`)
  }
}

async function titleOf(model: Model, modelName: string, question: string, signal: AbortSignal): Promise<string> {
  let text = ''
  try {
    const request = {
      model: modelName,
      instructions: titleInstructions,
      history: [{ role: 'user' as const, text: question.slice(0, 4_000).toWellFormed() }],
      tools: [],
    }
    for await (const event of model.ask(request, AbortSignal.any([signal, AbortSignal.timeout(30_000)]))) {
      if (event.type === 'waiting') continue
      if (event.type === 'text') text += event.text
      else if (event.reason !== 'stop') return ''
      if (text.length > titleCharacters * 4) return ''
    }
  } catch {
    return ''
  }
  return cleaned(text)
}

/** One line of plain text; a model's thinking and its quotation marks are not part of a title. */
function cleaned(text: string): string {
  const said = text.replace(/<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/gi, '')
  const line = said.split('\n').find((it) => it.trim() !== '') ?? ''
  return cut(line.replace(/<[^>]*>/g, '').replace(/^[\s#>*"'“”„«»`]+|[\s*"'“”„«»`.]+$/g, ''))
}

function beginningOf(question: string): string {
  return cut(question.replace(/\s+/g, ' ').trim())
}

/** At most so many characters, at a word's end where there is one, never inside a character. */
function cut(text: string): string {
  const characters = [...text]
  if (characters.length <= shortCharacters) return text
  const short = characters.slice(0, shortCharacters - 1).join('')
  return `${short.replace(/\s+\S*$/, '') || short}…`
}
