import type { ComponentProps } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { IntlProvider } from 'use-intl'
import { describe, expect, test } from 'vitest'
import { ToolCard } from '../../web/app/components/tool-card.tsx'
import { ToolDecisionContext } from '../../web/app/components/tool-decision.ts'
import { messages as german } from '../../web/app/messages/de.ts'
import { messages } from '../../web/app/messages/en.ts'

type Call = ComponentProps<typeof ToolCard>['call']

const call = (change: Partial<Call> = {}): Call => ({
  ...{ id: 'call_1', name: 'look', server: 'web', title: null, arguments: {}, subject: null, status: 'SUCCEEDED' },
  ...{ result: null, resultTruncated: false, resultParts: [], denialReason: null, error: null, progress: null },
  ...change,
})
const part = { title: null, uri: null, mimeType: null, bytes: null }

/** The card as the server draws it, before anything was clicked. */
function drawn(change: Partial<Call>, words: object = messages, locale = 'en'): string {
  return renderToStaticMarkup(
    <IntlProvider locale={locale} messages={words as typeof messages} timeZone="UTC">
      <ToolDecisionContext.Provider value={async () => {}}>
        <ToolCard call={call(change)} />
      </ToolDecisionContext.Provider>
    </IntlProvider>,
  )
}

const textOf = (html: string) => html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')

describe('the card of a tool call', () => {
  test('shows a text as it is, and makes nothing of what is in it', () => {
    const html = drawn({ result: '<img src=x onerror=alert(1)> ![x](https://evil.test)' })
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt; ![x](https://evil.test)')
    expect(html).not.toMatch(/<img|<a /)
  })

  test('shows a list of things as a table', () => {
    const result = {
      more: false,
      tasks: [
        { title: 'buy milk', due: null },
        { title: 'call mum', due: '2027-01-01' },
      ],
    }
    const html = drawn({ result })
    expect(textOf(html.slice(html.indexOf('<table')))).toContain('title due buy milk call mum 2027-01-01')
    expect(html, 'a day stays in one piece').toMatch(/<td class="[^"]*whitespace-nowrap[^"]*" dir="auto">2027-01-01/)
  })

  test('shows an address as text, with its title and a button to copy it, and no link', () => {
    const link = { ...part, kind: 'LINK' as const, title: 'The page', uri: 'javascript:alert(1)' }
    const html = drawn({ result: '[The page: javascript:alert(1)]', resultParts: [link] })
    expect(textOf(html)).toContain('A link: The page javascript:alert(1)')
    expect(html).toContain('aria-label="Copy the address"')
    expect(html).not.toMatch(/href|\[The page:/)
  })

  test('names a sound and a file in words', () => {
    const parts = [
      { ...part, kind: 'AUDIO' as const, mimeType: 'audio/wav', bytes: 1_234_567 },
      { ...part, kind: 'FILE' as const, uri: 'file:///notes.txt', mimeType: 'text/plain' },
    ]
    const text = textOf(drawn({ result: 'inside', resultParts: parts }))
    expect(text).toContain('A sound · audio/wav · 1.2 MB')
    expect(text).toContain('A file · text/plain file:///notes.txt')
    expect(text).toContain('inside')
  })

  test('holds no picture before somebody opens it', () => {
    const html = drawn({
      result: '[image: image/png]',
      resultParts: [{ ...part, kind: 'IMAGE', mimeType: 'image/png' }],
    })
    expect(textOf(html)).toContain('The picture is being fetched.')
    expect(html).not.toMatch(/<img|data:/)
  })

  test('offers the rest of what is long', () => {
    const text = textOf(drawn({ result: 'x'.repeat(65_536), resultTruncated: true }))
    expect(text).toContain('Show more The first 66 kB of it.')
    expect(textOf(drawn({ result: 'x' }))).not.toContain('Show more')
  })

  test('asks by name, not by id', () => {
    const wanted = {
      ...{ name: 'delete_task', server: 'tasks', title: 'Delete task', status: 'AWAITING_APPROVAL' as const },
      ...{ arguments: { task_id: 'task_01xyz' }, subject: 'buy <b>milk</b>' },
    }
    const html = drawn(wanted)
    expect(textOf(html)).toContain('Delete task: “ buy &lt;b&gt;milk&lt;/b&gt; ”')
    expect(html).not.toContain('task_01xyz')
    expect(textOf(html), 'there are arguments, they only have no name').not.toContain('None')
    expect(html).toContain('aria-label="Approve: Delete task"')
    expect(html).toContain('aria-label="Change: Delete task"')
    expect(textOf(drawn({ ...wanted, subject: null }))).toContain('task_01xyz')
    const inGerman = drawn(wanted, german, 'de-DE')
    expect(textOf(inGerman)).toContain('Aufgabe löschen: „ buy &lt;b&gt;milk&lt;/b&gt; “')
    expect(inGerman).toContain('aria-label="Erlauben: Aufgabe löschen"')
  })

  test.each([
    ['TOOL_TIMEOUT', 'It said nothing.', 'It took too long and was given up. It said nothing.'],
    ['TOOL_FAILED', 'no such city', 'no such city'],
    ['TOOL_FAILED', '', 'It failed.'],
    ['SOMETHING_NEW', 'in its own words', 'in its own words'],
  ])('says what went wrong: %s', (code, message, words) => {
    expect(textOf(drawn({ status: 'FAILED', error: { code, message } }))).toContain(words)
  })
})
