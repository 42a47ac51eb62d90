import type { Task } from './matching.ts'

/** Everything that the offline assistant says, as Markdown. */

const abilities = `- **Add**: “Add ‘buy oat milk’ for Friday”, “Remind me to call Ada tomorrow”
- **Look**: “Show my open tasks”, “What is due this week?”
- **Complete**: “Mark ‘buy oat milk’ as done”
- **Change**: “Rename ‘call Ada’ to ‘write to Ada’”, “Move ‘buy oat milk’ to Monday”`

export const connect = `To connect a model, whoever runs this server sets one of these and starts it again:

- \`OPENAI_API_KEY\` for OpenAI, or
- \`OPENAI_BASE_URL\` for Ollama, vLLM, LM Studio and the like, for example \`http://localhost:11434/v1\`

\`PARLEY_MODEL\` chooses the model.`

export const welcome = `Hello! No language model is connected here, so I am the small offline assistant: I understand plain requests about your tasks.

${abilities}

${connect}`

export const greeting = 'Hello again! What shall we do about your tasks?'

export const help = `No language model is connected here. I am the small offline assistant, and this is what I can do:

${abilities}

${connect}`

export const youAreWelcome = 'You are welcome.'

export function unclear(text: string): string {
  const asked = text ? `I did not understand “${escaped(short(text))}”. ` : ''
  return `${asked}No language model is connected here, and without one I only understand requests about your tasks:

${abilities}

Ask “how do I connect a model?” to get more than that.`
}

export const today = (day: string) => `Today is ${day}.`

export const added = (title: string, due: string | null) => `Added ${bold(title)}${due ? ` for ${due}` : ''}.`

export const completed = (title: string) => `Done: ${bold(title)}.`

export const reopened = (title: string) => `${bold(title)} is open again.`

export const renamed = (from: string, to: string) => `Renamed ${bold(from)} to ${bold(to)}.`

export const rescheduled = (title: string, due: string | null) =>
  due
    ? `${bold(title)} is now due ${/^to(day|morrow)$/.test(due) ? due : `on ${due}`}.`
    : `${bold(title)} has no due date any more.`

export const noted = (title: string) => `Wrote that down for ${bold(title)}.`

export const deleted = (title: string) => `Deleted ${bold(title)}.`

export const failed = (what: string, why: string) =>
  `That did not work for ${bold(what)}: ${escaped(short(toYou(why)))}`

/** What a model is told about the person, said to the person. */
const toYou = (why: string) =>
  why.replace(/^The person did not allow this call\.(?: They said:)?/, (it) =>
    it.replace('The person', 'You').replace('They', 'You'),
  )

export const cannotReadFiles =
  'I cannot read pictures, PDFs or other files: without a language model nobody here looks into what you attached.'

export const noTool = (what: string) => `I have no tool here with which I could ${what}.`

export const cannotDelete = (name: string) =>
  `I cannot delete tasks from here. On your dashboard, where your tasks are, you can delete ${bold(name)} yourself.`

export const opened = 'Here are your tasks.'

export const cannotOpen = 'I cannot open pages from here. Your tasks are on your dashboard.'

export const whichOne = (name: string, titles: readonly string[]) =>
  `Which one do you mean by ${bold(name)}?\n\n${titles.map((title) => `- ${escaped(title)}`).join('\n')}`

export const notFound = (name: string, status: 'open' | 'done' | 'all') =>
  `I found no ${status === 'all' ? '' : `${status} `}task like ${bold(name)}.`

export function completedAll(done: number, failures: number): string {
  if (done + failures === 0) return 'You have no open tasks.'
  const all = `Completed ${count(done, 'task')}.`
  return failures === 0 ? all : `${all} With ${failures} it did not work.`
}

export const taskLine = ({ title, completed }: Task, due: string | null) =>
  `- ${completed ? `~~${escaped(title)}~~` : escaped(title)}${due ? ` (${due})` : ''}`

export function taskList(
  lines: readonly string[],
  { status, due, more }: { status: 'open' | 'done' | 'all'; due: string; more: boolean },
): string {
  const kind = `${status === 'all' ? '' : `${status} `}task`
  const which = due ? ` ${due}` : ''
  if (lines.length === 0) return `You have no ${kind}s${which}.`
  const rest = more ? '\n\nThere are more than these; your dashboard shows all of them.' : ''
  return `You have ${count(lines.length, kind)}${which}:\n\n${lines.join('\n')}${rest}`
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

const bold = (text: string) => `**${escaped(text.trim())}**`

/** Titles are text: what would be Markdown or markup in them stays what it is. */
function escaped(text: string): string {
  return text.replace(/[\\`*_~[\]<>#|]/g, '\\$&').replace(/\s+/g, ' ')
}

function short(text: string): string {
  const characters = [...text]
  return characters.length <= 200 ? text : `${characters.slice(0, 199).join('')}…`
}

/** A title for the conversation that begins with this message: its own first words. */
export function title(message: string): string {
  const plain = message
    .replace(/[‘’'"“”`«»]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const [sentence = ''] = plain.split(/[.!?]\s|, then |\n/)
  const words = sentence.replace(/^(?:please|can you|could you|hey|hi|hello)[,!]? (?=\S)/i, '').split(' ')
  const some = words
    .slice(0, 6)
    .join(' ')
    .replace(/[\s.,;:!?]+$/, '')
  return [...`${some.charAt(0).toUpperCase()}${some.slice(1)}`].slice(0, 60).join('').trim() || 'New conversation'
}
