import { parseArgs } from 'node:util'
import { runChecks } from './checks.ts'
import { createClient } from './client.ts'
import { hasFaults, table } from './report.ts'

const usage = `Checks a ChatKit server against the protocol.

  npm run conformance:chatkit -- --url https://example.test/chatkit --token …

  --url                 the one address of the server (required)
  --token               sent as "authorization: Bearer …"
  --header              another header, "name: value"; may be repeated
  --message             what is said in plain messages (default: Say hello.)
  --prompt-widget       what makes the assistant show a widget with a button
  --prompt-client-tool  what makes it call a tool of the page
  --prompt-form         what makes it show a structured input
  --strict              what is only advice counts as a fault, too

It makes one thread and deletes it. Ends with 1 when something is at fault.`

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    ...{ url: text, token: text, message: { ...text, default: 'Say hello.' } },
    ...{ 'prompt-widget': text, 'prompt-client-tool': text, 'prompt-form': text },
    header: { ...text, multiple: true, default: [] },
    strict: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (!values.url || values.help) {
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}

const extra = values.header.map((line) => line.split(/:\s*(.*)/s, 2) as [string, string])
const headers = { ...Object.fromEntries(extra), ...(values.token && { authorization: `Bearer ${values.token}` }) }
const { 'prompt-widget': widget, 'prompt-client-tool': clientTool, 'prompt-form': form } = values
const outcomes = await runChecks(createClient({ url: values.url, headers }), {
  message: values.message,
  ...(widget && { widget }),
  ...(clientTool && { clientTool }),
  ...(form && { form }),
})
console.log(table(outcomes))
process.exitCode = hasFaults(outcomes, values.strict) ? 1 : 0
