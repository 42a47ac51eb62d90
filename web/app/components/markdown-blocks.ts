const fence = /^ {0,3}(`{3,}|~{3,})/

/**
 * Cuts markdown into pieces that can be shown one by one: at blank lines outside code fences, where the next line neither
 * continues a list nor is indented. While a text grows only its last piece changes.
 */
export function markdownBlocks(text: string): string[] {
  const blocks: string[] = []
  let block: string[] = []
  let open: string | null = null
  let blank = false
  for (const line of text.split('\n')) {
    const mark = fence.exec(line)?.[1]
    if (!open && blank && block.length > 0 && startsAnew(line, block)) {
      blocks.push(block.join('\n'))
      block = []
    }
    if (mark && !open) open = mark
    else if (mark && open && mark[0] === open[0] && mark.length >= open.length && line.trim() === mark) open = null
    block.push(line)
    blank = line.trim() === ''
  }
  if (block.length > 0) blocks.push(block.join('\n'))
  return blocks
}

/** Indented lines belong to what stands before them, and so does the next item of a list. */
function startsAnew(line: string, block: readonly string[]): boolean {
  if (line.trim() === '' || /^\s/.test(line)) return false
  return !(isListItem(line) && isListItem(block[0] ?? ''))
}

const isListItem = (line: string) => /^ {0,3}([-*+]|\d{1,9}[.)])\s/.test(line)
