import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { createTranslator } from 'use-intl'
import { describe, expect, test } from 'vitest'
import { messages as german } from '../../web/app/messages/de.ts'
import { messages as english } from '../../web/app/messages/en.ts'
import { languageOf } from '../../web/app/messages/languages.ts'
import { refusalInWords } from '../../web/app/refusal.ts'

type Catalogue = { readonly [key: string]: string | Catalogue }

const pairs = leaves(english).map(([key, text]) => ({ key, english: text, german: leafAt(german, key) }))

/** The same in both: names, units, and words that both languages have. */
const alike =
  /^(Parley|ChatKit|Esc|Enter|Live|Chat|Code|Name|E-mail|System|JSON|MCP|API|Inter|Markdown|Offline-?|\bs\b|\bmin\b|\W|<\w+>|<\/\w+>|\{\w+(, \w+)?\})*$/i

/** Named as the API names it, and looked up by that. */
const byCode = /\.(?:[A-Z_]+|[a-z]+_[a-z_]+)$/

describe('the catalogue', () => {
  test('is translated, and takes the same values in both languages', () => {
    const wrong = pairs.filter(
      ({ english, german }) =>
        placeholders(german).join() !== placeholders(english).join() ||
        (german === english && !alike.test(english)) ||
        [english, german].some((text) => / {2}|^\n|\n$/.test(text)),
    )
    expect(wrong).toEqual([])
  })

  test.each([
    ['en-GB', english],
    ['de-DE', german],
  ])('every text of %s can be formatted', (locale, messages) => {
    const wrong: unknown[] = []
    // Its keys are not known to the types here.
    const t = createTranslator({
      locale,
      messages: messages as unknown as Record<string, string>,
      onError: (error) => wrong.push(error.message),
    })
    for (const { key } of pairs) t.rich(key, valuesFor(leafAt(messages, key)))
    expect(wrong).toEqual([])
  })

  test('has a sentence for who signs in at another address than the server’s own', () => {
    const refused = { code: 'CSRF_REJECTED', message: 'said by the API' }
    for (const messages of [english, german]) {
      const t = createTranslator({ locale: 'en', messages: messages as typeof english })
      expect(refusalInWords(t, 403, refused)).toMatch(/PARLEY_URL/)
    }
  })

  test('no text is there that no page shows', () => {
    const pages = sources().map(([, text]) => text)
    const unused = pairs.filter(({ key }) => !byCode.test(key) && !pages.some((text) => names(text, key)))
    expect(unused.map(({ key }) => key)).toEqual([])
  })
})

test.each([
  ['', '', 'en'],
  ['', 'de', 'de'],
  ['', 'de-AT, en;q=0.5', 'de'],
  ['', 'fr, en;q=0.3, de;q=0.7', 'de'],
  ['', 'en-US,en;q=0.9,de;q=0.8', 'en'],
  ['', 'de;q=0, en;q=0.1', 'en'],
  ['', ';;q=,,=;q=zero,*', 'en'],
  ['parley-language=de', 'en', 'de'],
  ['a=1; parley-language=en; b=2', 'de', 'en'],
  ['parley-language=xx', 'de', 'de'],
])('with the cookies %j and the wish %j the page speaks %s', (cookie, accepted, language) => {
  expect(languageOf(new Headers({ cookie, 'accept-language': accepted }))).toBe(language)
})

describe('the pages', () => {
  test('take every visible word from the catalogue', () => {
    const found = sources()
      .filter(([file]) => file.endsWith('.tsx'))
      .flatMap(([file, text]) => literalWords(file, text))
    expect(found).toEqual([])
  })

  test('lie the other way round in a language that is written from the right', () => {
    const found = sources().flatMap(([file, text]) =>
      classesIn(file, text).flatMap((classes) =>
        classes.split(/\s+/).flatMap((it) => (isSided(it) ? [`${file}: ${it}`] : [])),
      ),
    )
    expect(found).toEqual([])
  })
})

function leaves(messages: Catalogue, at = ''): [string, string][] {
  return Object.entries(messages).flatMap(([key, it]) =>
    typeof it === 'string' ? [[at + key, it]] : leaves(it, `${at}${key}.`),
  )
}

function leafAt(messages: Catalogue, key: string): string {
  const found = key
    .split('.')
    .reduce<string | Catalogue | undefined>((at, name) => (typeof at === 'object' ? at[name] : undefined), messages)
  if (typeof found !== 'string') throw new Error(`There is no ${key}.`)
  return found
}

function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)[,}]|<(\w+)>/g)].map(([, value, tag]) => value ?? `<${tag}>`))].sort()
}

function valuesFor(text: string) {
  const names = placeholders(text)
  return Object.fromEntries(
    names.map((it) => (it.startsWith('<') ? [it.slice(1, -1), (inner: unknown) => String(inner)] : [it, 2])),
  )
}

function sources(): [file: string, text: string][] {
  const files = globSync('web/app/**/*.{ts,tsx}', { exclude: ['web/app/messages/*/**'] })
  return files.map((file) => [file, readFileSync(file, 'utf8')])
}

/** Whether a file names the last part of a key, whole or made of a name and an ending. */
function names(text: string, key: string): boolean {
  const last = key.split('.').at(-1) ?? ''
  const ending = /[A-Z][a-z]+$/.exec(last)?.[0]
  return (
    new RegExp(`['"\`.]${last}['"\`]|\\b${last}:`).test(text) || (ending !== undefined && text.includes(`}${ending}\``))
  )
}

const shownAttributes = /^(aria-label|title|placeholder|label|alt|hint|legend|lead|description|words|heading|submit)$/

/** Names that are the same in every language, and marks. */
const sameEverywhere = /Parley|ChatKit|\?/g

/** Words in JSX that a person would see or hear: as text, as an attribute, or as one of the outcomes of a condition. */
function literalWords(file: string, text: string): string[] {
  const found: string[] = []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const note = (node: ts.Node, words: string) => {
    if (!/\p{L}{2}/u.test(words.replace(sameEverywhere, ''))) return
    const { line } = source.getLineAndCharacterOfPosition(node.getStart())
    found.push(`${file}:${line + 1}: ${words.trim()}`)
  }
  const outcomes = (node: ts.Node | undefined): void => {
    if (!node) return
    if (ts.isStringLiteralLike(node)) note(node, node.text)
    else if (ts.isTemplateExpression(node))
      note(node, node.head.text + node.templateSpans.map((it) => it.literal.text).join(' '))
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(outcomes)
    else if (ts.isBinaryExpression(node))
      [node.left, node.right].filter((it) => !ts.isBinaryExpression(it)).forEach(outcomes)
    else if (ts.isParenthesizedExpression(node)) outcomes(node.expression)
  }
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) note(node, node.text)
    if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) outcomes(node.expression)
    if (ts.isJsxAttribute(node) && shownAttributes.test(node.name.getText())) {
      const { initializer } = node
      outcomes(initializer && ts.isJsxExpression(initializer) ? initializer.expression : initializer)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Whether a class names a side of its own; what is in the middle, or is meant for one direction, may. */
function isSided(name: string): boolean {
  if (/^(rtl|ltr):/.test(name) || name === 'left-1/2') return false
  const bare = name.replace(/^(?:[\w-]+(?:\[[^\]]*\])?(?:\/[\w-]+)?:)+/, '').replace(/^-/, '')
  return /^(?:(?:scroll-)?[mp][lr]-.|(?:left|right)-.|border-[lr](?:-|$)|rounded-(?:[tb]?[lr])(?:-|$)|(?:text|float|clear)-(?:left|right)$)/.test(
    bare,
  )
}

/** Every text of a file: classes stand in attributes, in variants and in constants alike. */
function classesIn(file: string, text: string): string[] {
  const found: string[] = []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
