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
  ...{ startedAt: null, finishedAt: null },
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

  test('shows tasks as the dashboard does: whether done, and when due, without ids', () => {
    const task = { id: 'task_01xyz', notes: null, due_on: null, completed: false }
    const tasks = [
      { ...task, title: 'buy <b>milk</b>', due_on: '2027-01-01', notes: 'the **oat** one' },
      { ...task, title: 'call mum', completed: true },
    ]
    const of = { server: 'tasks', name: 'list_tasks', result: { tasks, more: true } }
    const html = drawn(of, messages, 'en-GB')
    expect(textOf(html)).toContain(
      'Open buy &lt;b&gt;milk&lt;/b&gt; the **oat** one Due 1 Jan 2027 Done call mum There are more than these.',
    )
    expect(html).toMatch(/<figure tabindex="0"[^>]*class="max-h-80 overflow-auto/)
    expect(html).not.toMatch(/task_01xyz|<table|<b>|<input/)
    expect(textOf(html)).not.toContain('false')
    expect(textOf(drawn(of, german, 'de-DE'))).toMatch(
      /Offen buy .* Fällig 1\. Jan\.? 2027 Erledigt call mum Es gibt noch mehr\./,
    )
    const [first] = tasks
    for (const result of [{ task: first }, { deleted: first }, { tasks: [first], more: false }]) {
      expect(textOf(drawn({ ...of, result }))).toContain('Open buy')
      expect(textOf(drawn({ ...of, result }))).not.toContain('There are more')
    }
    expect(textOf(drawn({ ...of, result: { tasks: [], more: false } }))).toContain('Result None')
  })

  test.each([
    ['of another server', { server: 'web' }, {}],
    ['of another form', { server: 'tasks' }, { due_on: '2027-99-99' }],
  ])('shows tasks %s as what they are: a table', (_, change, other) => {
    const task = { title: 'call mum', notes: null, due_on: null, completed: false, ...other }
    expect(drawn({ ...change, result: { tasks: [task], more: false } })).toContain('<table')
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
    [40, 'Done · 0.1 s', 'Erledigt · 0,1 s'],
    [1_234, 'Done · 1.2 s', 'Erledigt · 1,2 s'],
    [9_960, 'Done · 10 s', 'Erledigt · 10 s'],
    [59_600, 'Done · 1 min 0 s', 'Erledigt · 1 min 0 s'],
    [125_400, 'Done · 2 min 5 s', 'Erledigt · 2 min 5 s'],
  ])('says how long it took, in the language of the person: %i ms', (ms, english, inGerman) => {
    const startedAt = '2027-01-01T10:00:00.000Z'
    const times = { startedAt, finishedAt: new Date(Date.parse(startedAt) + ms).toISOString() }
    expect(textOf(drawn(times))).toContain(english)
    expect(textOf(drawn(times, german, 'de-DE'))).toContain(inGerman)
  })

  test('says no time for one that runs, never began, or of which nobody knows', () => {
    const at = '2027-01-01T10:00:00.000Z'
    for (const change of [
      { status: 'RUNNING' as const, startedAt: at },
      { status: 'DENIED' as const, finishedAt: at },
      { startedAt: at, finishedAt: at },
    ])
      expect(textOf(drawn(change))).not.toMatch(/· \d/)
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
