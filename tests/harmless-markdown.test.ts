import { renderToStaticMarkup } from 'react-dom/server'
import Markdown from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { describe, expect, test } from 'vitest'
import { code, harmless, plain } from '../api/transfer/harmless-markdown.ts'

/** As a viewer draws it that lets everything pass: HTML is told apart from text, and addresses stay as they are. */
function drawn(markdown: string): { html: string[]; urls: string[]; page: string } {
  const html: string[] = []
  const urls: string[] = []
  const visit = (node: { type: string; value?: string; url?: string; children?: object[] }) => {
    if (node.type === 'html') html.push(node.value ?? '')
    if (node.url !== undefined) urls.push(node.url)
    for (const child of node.children ?? []) visit(child as typeof node)
  }
  const look = () => (tree: object) => visit(tree as Parameters<typeof visit>[0])
  const page = renderToStaticMarkup(Markdown({ children: markdown, remarkPlugins: [remarkGfm, look] }))
  return { html, urls, page }
}

describe('a message in a file for people', () => {
  test.each([
    ['a tag', 'a <b>x</b> and `<b>`', 'a &lt;b>x&lt;/b> and `<b>`'],
    ['a block', '<script>\nalert(1)\n</script>', '&lt;script>\nalert(1)\n&lt;/script>'],
    [
      'a link',
      '[x](javascript:alert(1)), [y](https://a.example)',
      '&#91;x&#93;(javascript:alert(1)), [y](https://a.example)',
    ],
    ['a link in disguise', '[x](java&#115;cript:a)', '&#91;x&#93;(java&#115;cript:a)'],
    ['a picture', '![x](data:text/html,y)', '!&#91;x&#93;(data:text/html,y)'],
    ['an address', '<vbscript:x> <https://a.example>', '&lt;vbscript:x> <https://a.example>'],
    ['a reference', '[a]\n\n[a]: JavaScript:x', '[a]\n\n&#91;a&#93;: JavaScript:x'],
    ['what HTML hid', '<div>\n[x](javascript:a)\n</div>', '&lt;div>\n&#91;x&#93;(javascript:a)\n&lt;/div>'],
    ['what follows code in a list', '- a\n  ```\n  <b>\n<b>', '- a\n  ```\n  <b>\n&lt;b>'],
    ['a cell of a table', '|a|b|\n|-|-|\n|`x|<b>`|', '|a|b|\n|-|-|\n|`x|&lt;b>`|'],
  ])('%s loses what it could do', (_, written, shown) => {
    expect(harmless(written)).toBe(shown)
    const { html, urls } = drawn(shown)
    expect(html).toEqual([])
    expect(urls.filter((it) => !it.startsWith('https:'))).toEqual([])
  })

  test.each([
    '# Title\n\n**bold** [link](https://a.example "t") ![p](/x.png) 1 < 2 & a<3',
    '```html\n<script>alert(1)</script>\n[x](javascript:a)\n```',
    '    <indented>\n\n`<code>`\n\n1. Do:\n   ```html\n   <b>\n   ```\n2. Done',
    '- [x] done\n- [ ] open\n\n----------\n\n| a | b |\n|---|---|\n| `<b>` | c |',
    'no <3',
  ])('%j stays as it was written', (written) => {
    expect(harmless(written)).toBe(written)
  })

  test('code that was left open ends with its message', () => {
    expect(harmless('So:\n```js\nlet a')).toBe('So:\n```js\nlet a\n```')
    expect(harmless('~~~~\n~~~')).toBe('~~~~\n~~~\n~~~~')
    expect(harmless('```\n```')).toBe('```\n```')
  })

  test.each([
    ['marks', '*a_<b>[x](javascript:y)'.repeat(3_000)],
    ['quotes', `${'>'.repeat(8)}<b>\n\n`.repeat(6_000)],
    ['depth', `${'- '.repeat(20_000)}<b> [x](javascript:y)`],
    ['links in links', '['.repeat(30) + '](javascript:x)'.repeat(30)],
    ['size', `\`\`\`\n${'a '.repeat(60_000)}\n<b>`],
  ])('too much of %s is plain text, without HTML and links', (_, written) => {
    const shown = harmless(written)
    expect(shown).not.toMatch(/[<[`~]/)
    expect(shown).toHaveLength(written.replace(/[[\]`]/g, '&#91;').replaceAll('<', '&lt;').length)
  })
})

test('a title shows its characters, in one line, and means nothing', () => {
  const title = 'a\r\n# <b>_x_</b>\u2028*y* `z` [l](https://a.example) ![p](q) ~~s~~ &lt; $m$ \\'
  const shown = plain(title)
  expect(shown).not.toMatch(/[\r\n\u2028]/)
  const { html, urls, page } = drawn(`# ${shown}\n\nText`)
  expect(html).toEqual([])
  expect(urls.filter((it) => it === 'q')).toEqual([])
  expect(page).toMatch(/^<h1>a # &lt;b&gt;_x_&lt;\/b&gt; \*y\* `z` \[l\]\(/)
  expect(page).toMatch(/!\[p\]\(q\) ~~s~~ &amp;lt; \$m\$ \\<\/h1>/)
})

test('the name of a tool is code, or plain text when it would end the code', () => {
  expect(code('add_task')).toBe('`add_task`')
  expect(code('a\n\n<b>')).toBe('`a <b>`')
  expect(code('a` <b> `')).toBe('a\\` \\<b\\> \\`')
})
