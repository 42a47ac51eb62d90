import type { Page } from 'playwright-core'

const formatted = `Here is what I would do, **in this order**:

1. Read what was agreed.
2. Write down what is open.
3. Ask about the rest.

| step | takes |
| --- | --- |
| reading | an hour |
| writing | two |

\`\`\`ts
const open = tasks.filter(({ done }) => !done)
\`\`\``

/** The text of a message: its number is in it, and every fifth answer has all that markdown can do. */
export const lineOf = (number: number): string =>
  number % 2 === 0
    ? `Question ${number}: what comes after ${number - 1}?`
    : `Answer ${number}. ${number % 10 === 5 ? formatted : 'It is the one that follows, as it always was. '.repeat(1 + (number % 7))}`

/** Brings a conversation of so many messages to the person of this page, as an import would; gives its address. */
export async function importLong(page: Page, messages: number): Promise<string> {
  const at = (number: number) => new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString()
  const chat_messages = Array.from({ length: messages }, (_, number) => ({
    ...{ uuid: `m${number}`, sender: number % 2 === 0 ? 'human' : 'assistant' },
    ...{ text: lineOf(number), created_at: at(number) },
  }))
  const file = [{ uuid: `long-${messages}`, name: `${messages} messages`, created_at: at(0), chat_messages }]
  const headers = { origin: new URL(page.url()).origin }
  await page.request.post('/import', {
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    data: Buffer.from(JSON.stringify(file)),
  })
  for (;;) {
    const query = '{ imports { status report { conversationId } } }'
    const { data } = await (await page.request.post('/graphql', { headers, data: { query } })).json()
    const id = data.imports[0]?.report[0]?.conversationId
    if (id && data.imports[0].status === 'DONE') return `/dashboard/chat/${id}`
    await page.waitForTimeout(100)
  }
}
