import { expect, test } from 'vitest'
import { endOfSentences, spoken } from '../../web/app/routes/dashboard.chat.$id/sentences.ts'

/** What is read out as a text comes letter by letter. */
function heard(text: string): string[] {
  const said: string[] = []
  let from = 0
  for (let length = 1; length <= text.length; length++) {
    const end = length === text.length ? length : endOfSentences(text.slice(0, length), from)
    const words = spoken(text.slice(from, end), 'Code')
    if (words) said.push(words)
    from = end
  }
  return said
}

test.each([
  ['sentences', 'It costs 3.50 in all. “Is it?” Yes, i', ['It costs 3.50 in all.', '“Is it?”', 'Yes, i']],
  [
    'a list',
    'Two things:\n- **one** thing\n- `another`\n\nThat is all',
    ['Two things:', 'one thing', 'another', 'That is all'],
  ],
  ['a link', 'See [the page](https://example.test/x). End', ['See the page.', 'End']],
  ['code', 'So:\n\n```js\nconst a = 1. \n\nlet b\n```\n\nDone. ', ['So:', 'Code.', 'Done.']],
])('%s is heard in whole pieces, once each', (_, text, words) => {
  expect(heard(text)).toEqual(words)
})
