import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { cleanUp } from './cleaning.ts'

export type Letter = { from: string; to: string; text: string }

export type Mailbox = {
  /** For SMTP_URL. */
  url: string
  letters: Letter[]
  /** The next letter to this address, which may be here already; each is given once. */
  next(to: string): Promise<Letter>
  /** From now on every letter is refused, with words that repeat the address. */
  refuse(): void
}

/** A mail server on the wire that takes what a real one takes. Closed with the test, or with the file. */
export async function startMailbox(): Promise<Mailbox> {
  const letters: Letter[] = []
  const given = new Set<Letter>()
  const waiting: { to: string; resolve: (letter: Letter) => void }[] = []
  let refusing = false

  function deliver(letter: Letter): void {
    letters.push(letter)
    const at = waiting.findIndex(({ to }) => to === letter.to)
    const [reader] = at < 0 ? [] : waiting.splice(at, 1)
    if (!reader) return
    given.add(letter)
    reader.resolve(letter)
  }

  const server = createServer((socket) => void converse(socket, deliver, () => refusing).catch(() => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => server.close())
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    letters,
    next(to) {
      const here = letters.find((it) => it.to === to && !given.has(it))
      if (here) given.add(here)
      return here ? Promise.resolve(here) : new Promise((resolve) => void waiting.push({ to, resolve }))
    },
    refuse() {
      refusing = true
    },
  }
}

async function converse(socket: Socket, deliver: (letter: Letter) => void, refusing: () => boolean): Promise<void> {
  socket.on('error', () => {})
  const say = (line: string) => socket.write(`${line}\r\n`)
  let letter: Letter = { from: '', to: '', text: '' }
  let inData = false
  say('220 mailbox.test')
  for await (const line of createInterface(socket)) {
    if (inData) {
      if (line !== '.') letter.text += `${line.replace(/^\./, '')}\n`
      else {
        inData = false
        deliver({ ...letter, text: plain(letter.text) })
        letter = { from: '', to: '', text: '' }
        say('250 taken')
      }
      continue
    }
    const [, address = ''] = /<([^>]*)>/.exec(line) ?? []
    if (/^(EHLO|HELO)/i.test(line)) say('250 mailbox.test')
    else if (/^MAIL FROM/i.test(line)) {
      letter.from = address
      say('250 ok')
    } else if (/^RCPT TO/i.test(line)) {
      letter.to = address
      say(refusing() ? `550 no mailbox for <${address}>` : '250 ok')
    } else if (/^DATA/i.test(line)) {
      inData = true
      say('354 go on')
    } else if (/^QUIT/i.test(line)) {
      say('221 bye')
      socket.end()
    } else say('250 ok')
  }
}

/** Head and body, with what quoted-printable made of it undone. */
function plain(text: string): string {
  if (!/quoted-printable/i.test(text)) return text
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** The first address of a page in it. */
export function linkIn({ text }: Letter): URL {
  const [link] = /https?:\/\/\S+/.exec(text) ?? []
  if (!link) throw new Error(`There is no link in this letter:\n${text}`)
  return new URL(link)
}
