import type { Page } from 'playwright-core'

/** Goes from control to control with the Tab key until one has this name. */
export async function tabTo(page: Page, name: string, { backwards = false } = {}): Promise<void> {
  await goTo(page, name, backwards ? 'Shift+Tab' : 'Tab')
}

/** Goes down an open menu until this is chosen. */
export async function downTo(page: Page, name: string): Promise<void> {
  await page.getByRole('menu').waitFor()
  await goTo(page, name, 'ArrowDown')
}

async function goTo(page: Page, name: string, key: string): Promise<void> {
  for (let steps = 0; steps < 80; steps++) {
    if ((await focusedName(page)) === name) return
    await page.keyboard.press(key)
  }
  throw new Error(`The keyboard does not lead to “${name}”.`)
}

/** What the thing is called that has the focus. */
export const focusedName = (page: Page) =>
  page.evaluate(() => {
    const focused = document.activeElement
    const isField = focused instanceof HTMLTextAreaElement || focused instanceof HTMLInputElement
    if (isField && focused.labels?.[0]) return focused.labels[0].innerText.trim()
    const said = focused?.getAttribute('aria-label') ?? focused?.textContent ?? ''
    return said.replace(/\s+/g, ' ').trim()
  })
