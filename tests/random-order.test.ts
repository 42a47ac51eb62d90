import { expect, inject, test, vi } from 'vitest'
import { internalId } from '../api/ids.ts'
import { startApp } from './support/app.ts'
import { cleanUp } from './support/cleaning.ts'
import { sharedDatabase } from './support/databases.ts'
import { withPower } from './support/power.ts'
import { type ProviderRequest, pause, says, startProvider } from './support/scripted-provider.ts'
import { seeded } from './support/seeded.ts'
import { at, type User } from './support/user.ts'

const steps = (inject('faults')?.kills ?? 5) * 10

vi.setConfig({ testTimeout: 120_000 + steps * 4_000 })

const beginning = (question: string) => `${question}: it begins`
const whole = (question: string) => `${beginning(question)} and ends.`

type Said = { role: 'USER' | 'ASSISTANT'; content: string; status: string; superseded: boolean }
type Made = { question: string; status: string }

/** What a conversation should look like: said in a few lines what the product does in many files. */
class Expected {
  said: Said[] = []
  /** In the order in which they were asked for. */
  made: Made[] = []
  active: { made: Made; answer: Said; lost: number } | undefined
  queue: Made[] = []

  /** The newest that can be answered again. */
  get questions(): Said[] {
    return this.said.filter(({ role, superseded }) => role === 'USER' && !superseded).slice(-20)
  }

  send(content: string, whenBusy: 'REJECT' | 'QUEUE' | 'INTERRUPT'): void {
    this.said.push({ role: 'USER', content, status: 'COMPLETE', superseded: false })
    const made = { question: content, status: 'QUEUED' }
    this.made.push(made)
    if (!this.active) this.#begin(made)
    else if (whenBusy === 'QUEUE') this.queue.push(made)
    else {
      this.queue.unshift(made)
      this.end('STOPPED')
    }
  }

  /** Ends the answer that is being made; what waits begins. */
  end(how: 'COMPLETED' | 'STOPPED' | 'INTERRUPTED'): void {
    if (!this.active) return
    const { made, answer } = this.active
    made.status = how
    answer.content = how === 'COMPLETED' ? whole(made.question) : beginning(made.question)
    answer.status = how === 'COMPLETED' ? 'COMPLETE' : how
    this.active = undefined
    const next = this.queue.shift()
    if (!next) return
    const place = this.said.findIndex(({ role, content }) => role === 'USER' && content === next.question)
    this.said.push(...this.said.splice(place, 1))
    this.#begin(next)
  }

  stopWaiting(made: Made): void {
    this.queue.splice(this.queue.indexOf(made), 1)
    made.status = 'STOPPED'
  }

  /** Whose answer waits, if it does. */
  waiting(question: Said): Made | undefined {
    return this.queue.find((made) => made.question === question.content)
  }

  /** What waits is replaced, and keeps its place in the queue. */
  editWaiting(made: Made, question: Said, content: string): void {
    question.superseded = true
    made.question = content
    this.said.push({ role: 'USER', content, status: 'COMPLETE', superseded: false })
  }

  retry(question: Said): void {
    for (const it of this.said.slice(this.said.indexOf(question) + 1)) it.superseded = true
    const made = { question: question.content, status: 'QUEUED' }
    this.made.push(made)
    this.#begin(made)
  }

  edit(question: Said, content: string): void {
    for (const it of this.said.slice(this.said.indexOf(question))) it.superseded = true
    this.send(content, 'REJECT')
  }

  crash(): void {
    if (this.active && ++this.active.lost === 3) this.end('INTERRUPTED')
  }

  #begin(made: Made): void {
    const answer: Said = { role: 'ASSISTANT', content: '', status: 'STREAMING', superseded: false }
    this.said.push(answer)
    made.status = 'RUNNING'
    this.active = { made, answer, lost: 0 }
  }
}

test(`${steps} sends, stops, retries, edits and deaths in any order leave what they should`, async () => {
  const random = seeded()
  const provider = await startProvider()
  cleanUp(() => provider.close())
  provider.always(({ transcript }: ProviderRequest) => {
    const question = transcript.findLast((entry) => 'user' in entry)?.user ?? ''
    return says(beginning(question), pause, ' and ends.')
  })
  const shared = await sharedDatabase()
  const system = () => shared.units.asSystem()

  async function start() {
    const { database, power } = withPower(shared)
    await system().execute(`update run set lease_until = now() where status = 'RUNNING'`)
    // What a process has drawn of a minute's budget is lost with it, and here they die faster than minutes pass.
    await system().execute('delete from rate_bucket')
    return { app: await startApp({ provider, database }), power }
  }
  let { app, power } = await start()
  let ada: User = await app.user('ada')
  const conversation = await ada.mutate<{ createConversation: { conversation: { id: string } } }>(
    'mutation { createConversation(input: {}) { conversation { id } } }',
  )
  const { id } = conversation.createConversation.conversation
  const row = internalId('conv', id)
  const expected = new Expected()
  const done: string[] = []

  /** Waits until the tables say what is expected, with the beginning of the answer that is being made. */
  async function settled(): Promise<void> {
    await vi.waitFor(
      async () => {
        const said = await system().execute<Said[]>(
          `select role, content, status, superseded_at is not null as superseded from message where conversation_id = ? order by sequence`,
          [row],
        )
        const made = await system().execute<Made[]>(
          `select content as question, run.status from run join message on message.id = message_id
           where run.conversation_id = ? order by run.id`,
          [row],
        )
        expect({ said, made }, done.join(', ')).toEqual({ said: expected.said, made: expected.made })
        const [log] = await system().execute<{ begun: boolean }[]>(
          `select exists (select from run_event join run on run.id = run_id and run.attempt = run_event.attempt
             where conversation_id = ? and status = 'RUNNING' and event->>'type' = 'deltas') as begun`,
          [row],
        )
        expect(log?.begun).toBe(expected.active !== undefined)
      },
      { timeout: 60_000, interval: 20 },
    )
  }

  async function runOf(made: Made): Promise<string> {
    const { conversation } = await ada.query<{
      conversation: { runs: { edges: { node: { id: string; createdAt: string } }[] } }
    }>('query ($id: ID!) { conversation(id: $id) { runs(first: 100) { edges { node { id createdAt } } } } }', { id })
    const ids = conversation.runs.edges.map(({ node }) => node.id).sort()
    return ids.at(expected.made.indexOf(made) - expected.made.length) ?? ''
  }

  async function messageOf(question: Said): Promise<string> {
    const { conversation } = await ada.query<{
      conversation: { messages: { edges: { node: { id: string; content: string; role: string } }[] } }
    }>('query ($id: ID!) { conversation(id: $id) { messages(last: 100) { edges { node { id content role } } } } }', {
      id,
    })
    const { node } =
      conversation.messages.edges.findLast(({ node }) => node.role === 'USER' && node.content === question.content) ??
      {}
    return node?.id ?? ''
  }

  const retry = async (question: Said) =>
    ada.mutate('mutation ($input: RetryMessageInput!) { retryMessage(input: $input) { run { id } } }', {
      input: { messageId: await messageOf(question) },
    })
  const edit = async (question: Said, content: string) =>
    ada.mutate('mutation ($input: EditMessageInput!) { editMessage(input: $input) { run { id } } }', {
      input: { messageId: await messageOf(question), content },
    })
  const refused = (asked: Promise<unknown>) => expect(asked).rejects.toMatchObject({ code: 'RUN_ACTIVE' })

  const moves: Record<string, (text: string) => Promise<void>> = {
    async send(text) {
      const whenBusy = random.of(['REJECT', 'QUEUE', 'QUEUE', 'INTERRUPT'] as const)
      if (expected.active && (whenBusy === 'REJECT' || expected.queue.length > 5))
        return refused(ada.asks(text, { conversation: id, whenBusy: 'REJECT' }))
      await ada.asks(text, { conversation: id, whenBusy })
      expected.send(text, whenBusy)
    },
    async finish() {
      if (!expected.active) return
      provider.resume()
      expected.end('COMPLETED')
    },
    async stop() {
      if (!expected.active) return
      const made = random.of([expected.active.made, ...expected.queue])
      await ada.stops(await runOf(made))
      if (made === expected.active?.made) expected.end('STOPPED')
      else expected.stopWaiting(made)
    },
    async retry() {
      if (expected.questions.length === 0) return
      const question = random.of(expected.questions)
      if (expected.active) return refused(retry(question))
      await retry(question)
      expected.retry(question)
    },
    async edit(text) {
      if (expected.questions.length === 0) return
      const question = random.of(expected.questions)
      const waiting = expected.waiting(question)
      if (expected.active && !waiting) return refused(edit(question, text))
      await edit(question, text)
      if (waiting) expected.editWaiting(waiting, question, text)
      else expected.edit(question, text)
    },
    async die() {
      power.cut()
      const dead = app
      ;({ app, power } = await start())
      ada = at(app.url, ada)
      expected.crash()
      await dead.close()
    },
  }
  /** A model call that is over for us is over for the provider too: the next word goes to nobody else. */
  async function moved(name: string, text: string): Promise<void> {
    const asked = expected.active && provider.requests.at(-1)
    const { active } = expected
    await moves[name]?.(text)
    if (name === 'die' || (active !== expected.active && name !== 'finish')) await asked?.hungUp
  }

  const chances = ['send', 'send', 'send', 'finish', 'finish', 'stop', 'retry', 'edit', 'die']

  for (let step = 1; step <= steps; step++) {
    const name = random.of(chances)
    done.push(name)
    await moved(name, `q${step}`)
    await settled()
  }
  while (expected.active) {
    await moves.finish?.('')
    await settled()
  }
  expect(provider.refusals).toEqual([])
})
