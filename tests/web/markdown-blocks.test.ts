import { expect, test } from 'vitest'
import { markdownBlocks } from '../../web/app/components/markdown-blocks.ts'

const text = `# Title

A paragraph
of two lines.

- one

- two
  still two

  and more of two

\`\`\`ts
const a = 1

const b = 2
\`\`\`

| a | b |
| - | - |
| 1 | 2 |

The end.`

test('a text is cut where nothing belongs together, and is whole again when joined', () => {
  const blocks = markdownBlocks(text)
  expect(blocks.map((it) => it.split('\n')[0])).toEqual([
    '# Title',
    'A paragraph',
    '- one',
    '```ts',
    '| a | b |',
    'The end.',
  ])
  expect(blocks.join('\n')).toBe(text)
})

test('while a text grows line by line only its last piece changes', () => {
  const lines = text.split('\n')
  let before: string[] = []
  for (let count = 1; count <= lines.length; count++) {
    const blocks = markdownBlocks(lines.slice(0, count).join('\n'))
    expect(blocks.slice(0, before.length - 1)).toEqual(before.slice(0, -1))
    before = blocks
  }
})

test('a fence that is never closed stays in one piece', () => {
  expect(markdownBlocks('~~~\na\n\n```\n\nb')).toEqual(['~~~\na\n\n```\n\nb'])
})
