import { expect, test } from 'vitest'
import { mathsAsDollars, mayHaveMaths } from '../../web/app/components/maths-in-text.ts'

test.each([
  ['prices', 'It costs $5 or $10, not $5-$10.', 'It costs $5 or $10, not $5-$10.'],
  ['prices around words', 'from $3 to about 4$ and US$5 = A$7', 'from $3 to about 4$ and US$5 = A$7'],
  ['shell variables', 'Set $HOME and $PATH first', 'Set $HOME and $PATH first'],
  ['escaped dollars', String.raw`\$x^2$ stays`, String.raw`\$x^2$ stays`],
  ['a letter', 'where $n$ is even', 'where $$n$$ is even'],
  ['a power', 'so $x^2 + 1$ grows', 'so $$x^2 + 1$$ grows'],
  ['a command', String.raw`is $\frac{1}{2}$.`, String.raw`is $$\frac{1}{2}$$.`],
  ['brackets in a line', String.raw`with \(a + b\) and \[c\] here`, 'with $$a + b$$ and $$c$$ here'],
  ['brackets alone', '\\[\nE = mc^2\n\\]', '$$\nE = mc^2\n$$'],
  ['a line of its own', '$$E = mc^2$$', '$$\nE = mc^2\n$$'],
  ['in a list', '- so\n\n  $$a$$', '- so\n\n  $$\n  a\n  $$'],
  ['code', 'Write `$x^2$` and\n```sh\necho $$ $a^b$\n```', 'Write `$x^2$` and\n```sh\necho $$ $a^b$\n```'],
  ['open code', '```\n$x^2$ and $y^2$', '```\n$x^2$ and $y^2$'],
  ['not closed yet', 'So $$x = \\frac{1', 'So \\$\\$x = \\frac{1'],
  ['one closed, one not', '$$a$$ and $$b', '$$a$$ and \\$\\$b'],
])('maths or not: %s', (_, written, read) => {
  expect(mathsAsDollars(written)).toBe(read)
})

test('nothing is loaded for a text that cannot have any', () => {
  expect(mayHaveMaths('A price of 5 $ and (brackets) [too]')).toBe(false)
  for (const text of ['$x$', '$$\nx\n$$', String.raw`\(x\)`, String.raw`\[x\]`]) expect(mayHaveMaths(text)).toBe(true)
})
