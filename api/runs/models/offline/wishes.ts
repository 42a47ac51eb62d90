import { type Clause, clausesOf, listMark, partsOf, quotesIn, unquoted } from './clauses.ts'
import { type Day, dayIn, dayWords, plus, spokenDay } from './days.ts'

/** One thing that the person wants, as far as the offline assistant understands it. Tasks are named by their words. */
export type Wish =
  | { kind: 'add'; tasks: { title: string; due: Day | null }[] }
  | { kind: 'list'; status: 'open' | 'done' | 'all'; due: DueFilter | null }
  | { kind: 'complete'; names: string[] }
  | { kind: 'complete-all' }
  | { kind: 'reopen'; name: string }
  | { kind: 'rename'; name: string; title: string }
  | { kind: 'reschedule'; name: string; due: Day | null }
  | { kind: 'note'; name: string; notes: string }
  | { kind: 'delete'; name: string }
  | { kind: 'go-to-tasks' }
  | { kind: 'greet' | 'thank' | 'help' | 'connect' | 'today' }
  | { kind: 'unclear'; text: string }

/** Tasks due in these days, both included; `words` say it. */
export type DueFilter = { from: Day | null; to: Day; words: string }

/** What a message asks for, in its order. `today` is needed to know what days are meant. */
export function wishesIn(message: string, today: Day): Wish[] {
  const means = (clause: Clause) => wishIn(clause, today).kind !== 'unclear'
  return clausesOf(message).flatMap((clause) => partsOf(clause, means).map((part) => wishIn(part, today)))
}

function wishIn(clause: Clause, today: Day): Wish {
  for (const understand of [going, listing, changing, adding, smallTalk]) {
    const wish = understand(clause, today)
    if (wish) return wish
  }
  return { kind: 'unclear', text: unquoted(clause.text, clause.quotes) }
}

function smallTalk({ text }: Clause): Wish | null {
  const said = text.replace(/[\s.!?,]+$/, '').toLowerCase()
  if (
    /^(hi|hello|hey|hiya|howdy|yo|good (morning|afternoon|evening|day)|greetings|moin|hallo)\b[\w\s,]{0,20}$/.test(said)
  )
    return { kind: 'greet' }
  if (/^(thanks|thank you|thx|cheers|great|perfect|nice|cool|well done)\b[\w\s,]{0,25}$/.test(said))
    return { kind: 'thank' }
  if (/\b(connect|use|set ?up|configure|need|real|which|what)\b.*\b(model|openai|ollama|api key|llm|gpt)\b/.test(said))
    return { kind: 'connect' }
  if (
    /^(help|what can (you|i) (do|ask|say)|what do you do|who are you|what are you|how (does|do) (this|it|you) work)\b/.test(
      said,
    )
  )
    return { kind: 'help' }
  if (/^(what('s| is) (the )?(date|day)|what day is)\b/.test(said)) return { kind: 'today' }
  return null
}

const tasksPage = /\b(?:tasks?|to-?dos?|to-do|dashboard)\b.*\bpage\b|\bdashboard\b/

/** The page itself is wanted, not what is on it. */
function going({ text, quotes }: Clause): Wish | null {
  const said = text.toLowerCase()
  const asks = /^(?:open|show(?: me)?|go(?: back)? to|switch to|(?:take|bring) me(?: back)? to)\b/.test(said)
  return asks && tasksPage.test(said) && quotesIn(text, quotes).length === 0 ? { kind: 'go-to-tasks' } : null
}

const tasksWord = '(?:tasks?|to-?dos?|to do list|todo list|list|things? to do)'

function listing({ text, quotes }: Clause, today: Day): Wish | null {
  const said = text.toLowerCase()
  const asks =
    new RegExp(
      `^(?:show|list|display|see|view|read|give me|tell me|check (?:my|the))\\b.*\\b${tasksWord}\\b|^(?:what|which|how many|any(?:thing)?|are there|do i have|is there)\\b.*(?:\\b${tasksWord}\\b|\\b(?:to do|left|done|due|overdue|on my plate)\\b)|^(?:my |all |open |done )*(?:tasks|todos|to-dos|list)\\b`,
    ).test(said) && quotesIn(text, quotes).length === 0
  if (!asks) return null
  const done = /\b(done|completed|finished|closed)\b/.test(said)
  const all = /\b(all|every|everything)\b/.test(said) && !/\bopen\b/.test(said)
  return { kind: 'list', status: done ? 'done' : all ? 'all' : 'open', due: dueFilter(said, today) }
}

function dueFilter(said: string, today: Day): DueFilter | null {
  if (/\b(?:overdue|late)\b/.test(said)) return { from: null, to: plus(today, { days: -1 }), words: 'overdue' }
  const sunday = dayIn('this sunday', today) ?? today
  if (/\bthis week\b/.test(said)) return { from: null, to: sunday, words: 'due this week' }
  if (/\bnext week\b/.test(said))
    return { from: plus(sunday, { days: 1 }), to: plus(sunday, { days: 7 }), words: 'due next week' }
  const [words = ''] = new RegExp(`\\b(?:${dayWords})\\b`).exec(said) ?? []
  const to = dayIn(words, today)
  // What was due before is still to be done today.
  return to ? { from: to === today ? null : to, to, words: `due ${spokenDay(to, today)}` } : null
}

/** Requests about a task that is there already. The first capture is its name, the second what is to become of it. */
const changes: [RegExp, (name: string, other: string, today: Day) => Wish | null][] = [
  [
    /^(?:complete|finish|close|check off|tick off|mark) (?:all|everything|all (?:of )?(?:my |the )?(?:open )?tasks)(?: (?:as |of |off )?.*)?$/i,
    () => ({ kind: 'complete-all' }),
  ],
  [
    /^(?:mark|set) (.+?) (?:as |to )?(?:not done|undone|open|incomplete|not complete)$/i,
    (name) => ({ kind: 'reopen', name }),
  ],
  [/^(?:re-?open|uncomplete|untick|uncheck) (.+)$/i, (name) => ({ kind: 'reopen', name })],
  [/^(?:mark|set|check|tick) (.+?) (?:as |to |off as |off)?(?:done|complete|completed|finished|off)$/i, complete],
  [
    /^(?:complete|finish|check off|tick off|close|done with|finished|i(?:'ve| have)? (?:just )?(?:done|finished|completed)|i'm done with|i am done with) (.+)$/i,
    complete,
  ],
  [/^(.+?) (?:is|are) (?:now )?(?:done|complete|completed|finished)$/i, complete],
  [/^rename (.+?) (?:to|as|into) (.+)$/i, (name, title) => ({ kind: 'rename', name, title })],
  [/^change the (?:title|name) of (.+?) (?:to|into) (.+)$/i, (name, title) => ({ kind: 'rename', name, title })],
  [
    /^(?:remove|delete|clear|drop) the (?:due date|date|day|deadline) (?:of|from|for) (.+)$/i,
    (name) => ({ kind: 'reschedule', name, due: null }),
  ],
  [/^(?:change|set|move) the (?:due date|date|day|deadline) (?:of|for) (.+?) to (.+)$/i, reschedule],
  [
    /^(?:move|postpone|reschedule|push|shift|delay|change|set|make|bring forward) (.+?) (?:back to|to|until|till|for|due on|due by|due|by|on) (.+)$/i,
    reschedule,
  ],
  [/^change (.+?) (?:to|into) (.+)$/i, (name, title) => ({ kind: 'rename', name, title })],
  [
    /^(?:add|put|write|make) (?:a |the )?notes? (?:to|on|for) (.+?)(?::| saying| that says) ?(.+)$/i,
    (name, notes) => ({ kind: 'note', name, notes }),
  ],
  [
    /^(?:delete|remove|erase|trash|drop|get rid of|throw away|cancel) (.+)$/i,
    (name) => ({ kind: 'delete', name: name.replace(/ from (?:my |the )?(?:task |to-?do )?(?:list|tasks)$/i, '') }),
  ],
]

function changing({ text, quotes }: Clause, today: Day): Wish | null {
  const said = text.replace(/[\s.!]+$/, '')
  for (const [pattern, wish] of changes) {
    const [, name = '', other = ''] = pattern.exec(said) ?? []
    const found = pattern.test(said) ? wish(nameOf(name, quotes), unquoted(other, quotes), today) : null
    if (found?.kind === 'complete') return { kind: 'complete', names: namesOf(name, quotes) }
    if (found) return found
  }
  return null
}

function complete(name: string): Wish {
  return { kind: 'complete', names: [name] }
}

function reschedule(name: string, words: string, today: Day): Wish | null {
  const due = dayIn(words.replace(/^(?:on|for|by) /i, ''), today)
  return due ? { kind: 'reschedule', name, due } : null
}

function namesOf(text: string, quotes: readonly string[]): string[] {
  const names = quotesIn(text, quotes)
  return names.length > 0 ? names : [nameOf(text, quotes)]
}

function nameOf(text: string, quotes: readonly string[]): string {
  const [quote] = quotesIn(text, quotes)
  return quote ?? unquoted(text, quotes).replace(/^(?:the |my )?(?:task |to-?do )?(?:called |named )?|(?: task)$/gi, '')
}

const addingWords =
  /^(?:(?:add|create|note(?: down)?|write down|jot down|schedule)\b|(?:make|put|save|plan|set up|new)\b(?=.*\b(?:tasks?|to-?dos?|reminders?|list)\b)|(?:remind me|remember|don't let me forget|don't forget|i (?:need|have) to|i must|i should)\b|(?:todo|to-do|task)(?=\s*:))[\s:]*/i
const whatKind =
  /^(?:an? |the |another |these |some |my |following )*(?:new )?(?:tasks?|to-?dos?|reminders?)\b(?: (?:to|called|named|for me to|that says|saying))?\s*:?\s*/i
const where =
  /\s*\b(?:to|on|onto|in|into) (?:my |the )?(?:task |to-?do |todo )?(?:lists?|tasks|todos|to-dos)\s*(?=$|for |by |on |due |until |:|\uE002)/i
const dayWithWord = `(?:(?:for|by|on|due(?: on| by)?|until|before) )?(${dayWords})`

function adding({ text, quotes }: Clause, today: Day): Wish | null {
  if (!addingWords.test(text)) return null
  const asked = text.replace(addingWords, '').replace(where, ' ').trim().replace(whatKind, '').replace(where, ' ')
  const [head = '', ...items] = asked.split(listMark)
  const outer = dueOf(head, today)
  const parts = items.length > 0 ? items : quotedParts(outer.rest, head)
  const tasks = parts.map((part) => {
    const own = dueOf(part, today)
    return { title: titleIn(own.rest, quotes), due: own.due }
  })
  // "'a' and 'b' for Friday": the day behind the last one is meant for those before it too.
  for (const [at, task] of tasks.entries()) task.due ??= tasks.slice(at).find((it) => it.due)?.due ?? outer.due
  const told = tasks.filter((task) => task.title !== '')
  return told.length > 0 ? { kind: 'add', tasks: told } : null
}

/** Each quote with the words behind it, when the whole thing begins with a quote; else all of it. */
function quotedParts(rest: string, whole: string): string[] {
  return rest.startsWith('\uE000') ? whole.split(/(?=\uE000)/).filter((part) => part.startsWith('\uE000')) : [rest]
}

function titleIn(text: string, quotes: readonly string[]): string {
  const [quote] = text.startsWith('\uE000') ? quotesIn(text, quotes) : []
  const title = quote ?? unquoted(text.replace(/^(?:to |that i (?:need|have) to )/i, ''), quotes)
  return title.replace(/^[\s:,-]+|[\s:,;]+$/g, '').replace(/\s+/g, ' ')
}

/** Finds the day at the end or at the beginning; what is left is the title. */
function dueOf(text: string, today: Day): { rest: string; due: Day | null } {
  const said = text.trim().replace(/(?:[\s.!?,:]|\s+and|,)+$/i, '')
  const behind = new RegExp(`^(.*?)[\\s,(]+${dayWithWord}\\)?$`, 'i').exec(said)
  if (behind) {
    const due = dayIn(behind[2] ?? '', today)
    if (due && behind[1]) return { rest: behind[1], due }
  }
  const before = new RegExp(`^${dayWithWord}[\\s,:]+(?:to )?(.+)$`, 'i').exec(said)
  const due = before && dayIn(before[1] ?? '', today)
  return due ? { rest: before[2] ?? '', due } : { rest: said, due: null }
}
