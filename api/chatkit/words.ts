import type { ErrorCode } from '../errors.ts'
import { type Language, languageOf } from '../language.ts'
import type { RunFailure, RunFailureCode } from '../runs/run-failure.ts'

/** A use of a tool: what is being done, what was, and what a person is asked. */
export type Phrases = readonly [doing: string, done: string, question: string]

/** By the name of what it is done to, if that is known. */
type OfSubject = (subject: string | null) => Phrases

/** The tools that everyone has. */
type BuiltIn =
  | 'add_task'
  | 'list_tasks'
  | 'update_task'
  | 'complete_task'
  | 'delete_task'
  | 'search_conversations'
  | 'read_conversation'

const task = (subject: string | null) => (subject ? `the task “${subject}”` : 'a task')
const conversation = (subject: string | null) => (subject ? `the conversation “${subject}”` : 'an earlier conversation')

const builtIn: Record<BuiltIn, OfSubject> = {
  add_task: () => ['Adding a task', 'Added a task', 'Add a task?'],
  list_tasks: () => ['Looking at your tasks', 'Looked at your tasks', 'Look at your tasks?'],
  update_task: (it) => [`Changing ${task(it)}`, `Changed ${task(it)}`, `Change ${task(it)}?`],
  complete_task: (it) => [`Completing ${task(it)}`, `Completed ${task(it)}`, `Complete ${task(it)}?`],
  delete_task: (it) => [`Deleting ${task(it)}`, `Deleted ${task(it)}`, `Delete ${task(it)}?`],
  search_conversations: () => [
    'Searching your conversations',
    'Searched your conversations',
    'Search your conversations?',
  ],
  read_conversation: (it) => [`Reading ${conversation(it)}`, `Read ${conversation(it)}`, `Read ${conversation(it)}?`],
}

const en = {
  thinking: 'Thinking…',
  busy: (seconds: number) => `The model is busy. It is asked again in ${seconds} second${seconds === 1 ? '' : 's'}…`,
  at: (doing: string) => `${doing}…`,
  unfinished: 'The answer could not be finished.',
  lostSight: 'The connection was interrupted. The answer goes on: open this chat again to see it.',
  settledBefore: 'That was settled already. Nothing was changed.',
  /** A refusal. `message` is the API's own sentence, in English. */
  error: (_code: ErrorCode, message: string) => message,
  /** Why an answer did not end well. Its own sentence is in English, with the time to wait. */
  failure: ({ message }: RunFailure) => message,

  builtIn,
  otherTool: (name: string): Phrases => [`Using “${name}”`, `Used “${name}”`, `Use “${name}”?`],
  waitsForYou: (doing: string) => `${doing} waits for you`,
  failed: (doing: string) => `${doing} did not work`,
  declined: (doing: string) => `${doing} was declined`,
  stopped: (doing: string) => `${doing} was stopped`,
  cutOff: (doing: string) => `${doing} was cut off`,
  usedTools: (times: number, failed: number) =>
    `Used tools ${times} times${failed > 0 ? `, ${failed} without success` : ''}`,

  didNotWork: (reason: string) => `It did not work: ${reason}`,
  noReason: 'the tool gave no reason',
  wasDeclined: (reason: string | null) => (reason ? `It was declined: ${reason}` : 'It was declined.'),
  wasStopped: 'It was stopped before it ended.',
  wasCutOff: 'The server stopped while this was at work: whether it took effect is not known.',
  arguments: 'arguments',
  parts: { IMAGE: 'A picture', AUDIO: 'A sound', LINK: 'A link', FILE: 'A file' },

  approve: 'Approve',
  deny: 'Deny',
  waiting: 'Waiting for you',
  approved: 'Approved',
  denied: 'Denied',
  youSaid: (reason: string) => `You said: ${reason}`,
  tasks: (count: number, more: boolean) => {
    const tasks = `${count} ${count === 1 ? 'task' : 'tasks'}`
    return more ? `The first ${tasks}` : tasks
  },
}

/** All that Parley itself says inside ChatKit. English is the shape, and another language has to satisfy it. */
export type ChatkitWords = typeof en

const aufgabe = (subject: string | null) => (subject ? `Aufgabe „${subject}“` : 'Eine Aufgabe')
const unterhaltung = (subject: string | null) => (subject ? `Unterhaltung „${subject}“` : 'Eine frühere Unterhaltung')
const germanPhrases = (what: string, does: string, done: string): Phrases => [
  `${what} ${does}`,
  `${what} ${done}`,
  `${what} ${does}?`,
]

/** Of the API's own sentences, those that people in a chat may meet. */
const germanErrors: Record<RunFailureCode, string> & Partial<Record<ErrorCode, string>> = {
  MODEL_RATE_LIMITED: 'Das Modell ist gerade ausgelastet.',
  MODEL_UNAVAILABLE: 'Das Modell ist gerade nicht erreichbar.',
  MODEL_TIMEOUT: 'Das Modell hat nicht rechtzeitig geantwortet.',
  MODEL_STREAM_CUT: 'Das Modell hat mitten in seiner Antwort aufgehört.',
  MODEL_BAD_RESPONSE: 'Das Modell hat nichts Brauchbares geantwortet.',
  MODEL_MISCONFIGURED:
    'Das Modell ist nicht richtig eingerichtet. Wer diesen Server betreibt, findet den Grund in dessen Protokoll.',
  CONTEXT_TOO_LONG: 'Diese Unterhaltung ist für das Modell zu lang geworden.',
  STEP_LIMIT: 'Der Assistent hat die Grenze der Schritte für eine Antwort erreicht.',
  RUN_TIMEOUT: 'Die Antwort hat zu lange gedauert.',
  OUTPUT_LIMIT: 'Die Antwort wurde zu lang.',
  SERVER_RESTARTED: 'Der Server wurde zu oft neu gestartet, während er an dieser Antwort arbeitete.',
  QUOTA_EXCEEDED: 'Das Kontingent ist vorerst aufgebraucht.',
  INTERNAL_SERVER_ERROR: 'Auf dem Server ist etwas schiefgegangen.',
  NOT_FOUND: 'Das gibt es nicht mehr.',
  RUN_ACTIVE: 'Hier wird noch an einer Antwort geschrieben. Halte sie an oder warte, bis sie fertig ist.',
  RATE_LIMITED: 'Das ging etwas zu schnell. Warte einen Moment und versuche es dann noch einmal.',
  OVERLOADED: 'Der Server ist stark ausgelastet. Versuche es gleich noch einmal.',
  DRAINING: 'Der Server wird neu gestartet. Versuche es gleich noch einmal.',
  STORAGE_UNAVAILABLE: 'Die Datenbank ist nicht erreichbar. Versuche es gleich noch einmal.',
  STORAGE_FULL: 'Auf dem Server ist kein Platz mehr, deshalb kann nichts Neues gespeichert werden.',
}

function germanFailure({ code, message, retryable, waitSeconds }: RunFailure): string {
  if (code === 'MODEL_RATE_LIMITED' && !retryable) return 'Das Modell ist zurzeit nicht verfügbar.'
  const why = Object.hasOwn(germanErrors, code) ? germanErrors[code] : message
  return waitSeconds ? `${why} Versuche es in ${germanWait(waitSeconds)} noch einmal.` : why
}

function germanWait(seconds: number): string {
  const [amount, unit] =
    seconds < 120 ? [seconds, 'second'] : seconds < 7_200 ? [seconds / 60, 'minute'] : [seconds / 3_600, 'hour']
  return new Intl.NumberFormat('de', { style: 'unit', unit, unitDisplay: 'long' }).format(Math.ceil(amount))
}

const de = {
  thinking: 'Denkt nach …',
  busy: (seconds) => `Das Modell ist ausgelastet. Neuer Versuch in ${seconds} s …`,
  at: (doing) => `${doing} …`,
  unfinished: 'Die Antwort konnte nicht fertig werden.',
  lostSight:
    'Die Verbindung wurde unterbrochen. Die Antwort geht weiter: Öffne diesen Chat noch einmal, um sie zu sehen.',
  settledBefore: 'Das war schon entschieden. Es hat sich nichts geändert.',
  error: (code, message) => (Object.hasOwn(germanErrors, code) && germanErrors[code]) || message,
  failure: germanFailure,

  builtIn: {
    add_task: () => germanPhrases('Eine Aufgabe', 'hinzufügen', 'hinzugefügt'),
    list_tasks: () => germanPhrases('Deine Aufgaben', 'ansehen', 'angesehen'),
    update_task: (it) => germanPhrases(aufgabe(it), 'ändern', 'geändert'),
    complete_task: (it) => germanPhrases(aufgabe(it), 'erledigen', 'erledigt'),
    delete_task: (it) => germanPhrases(aufgabe(it), 'löschen', 'gelöscht'),
    search_conversations: () => germanPhrases('Deine Unterhaltungen', 'durchsuchen', 'durchsucht'),
    read_conversation: (it) => germanPhrases(unterhaltung(it), 'lesen', 'gelesen'),
  },
  otherTool: (name) => germanPhrases(`„${name}“`, 'benutzen', 'benutzt'),
  waitsForYou: (doing) => `${doing}: wartet auf dich`,
  failed: (doing) => `${doing}: hat nicht geklappt`,
  declined: (doing) => `${doing}: abgelehnt`,
  stopped: (doing) => `${doing}: angehalten`,
  cutOff: (doing) => `${doing}: abgebrochen`,
  usedTools: (times, failed) => `${times}-mal Werkzeuge benutzt${failed > 0 ? `, ${failed}-mal ohne Erfolg` : ''}`,

  didNotWork: (reason) => `Es hat nicht geklappt: ${reason}`,
  noReason: 'das Werkzeug nennt keinen Grund',
  wasDeclined: (reason) => (reason ? `Es wurde abgelehnt: ${reason}` : 'Es wurde abgelehnt.'),
  wasStopped: 'Es wurde angehalten, bevor es fertig war.',
  wasCutOff: 'Der Server hörte mitten in der Arbeit auf: Ob es gewirkt hat, ist nicht bekannt.',
  arguments: 'Angaben',
  parts: { IMAGE: 'Ein Bild', AUDIO: 'Ein Ton', LINK: 'Ein Link', FILE: 'Eine Datei' },

  approve: 'Erlauben',
  deny: 'Ablehnen',
  waiting: 'Wartet auf dich',
  approved: 'Erlaubt',
  denied: 'Abgelehnt',
  youSaid: (reason) => `Du hast gesagt: ${reason}`,
  tasks: (count, more) => {
    if (count === 1) return more ? 'Die erste Aufgabe' : '1 Aufgabe'
    return more ? `Die ersten ${count} Aufgaben` : `${count} Aufgaben`
  },
} satisfies ChatkitWords

const words: Record<Language, ChatkitWords> = { en, de }

/** In the language that a request likes best (`accept-language`), else in English. */
export const wordsFor = (headers: Headers): ChatkitWords => words[languageOf(headers)]

/** What is said of a tool that everyone has; null for any other name. */
export function builtInPhrases({ builtIn }: ChatkitWords, name: string, subject: string | null): Phrases | null {
  return Object.hasOwn(builtIn, name) ? builtIn[name as BuiltIn](subject) : null
}
