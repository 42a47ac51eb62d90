import { useSyncExternalStore } from 'react'

/** What the person wants the pages to look like; `system` follows the device. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** The cookie in which the choice is kept: the server draws the first paint with it. */
export const themeCookie = 'parley-theme'

/** The choice in a request's cookies. */
export function themeOf(cookies: string): Theme {
  const named = new RegExp(`(?:^|; )${themeCookie}=(\\w+)`).exec(cookies)?.[1]
  return themes.find((it) => it === named) ?? 'system'
}

/** Takes effect at once, and on every page from now on. */
export function chooseTheme(theme: Theme): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset.theme
  else dataset.theme = theme
  const age = theme === 'system' ? 0 : 31_536_000
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet
  document.cookie = `${themeCookie}=${theme}; path=/; max-age=${age}; samesite=lax`
  for (const tell of watchers) tell()
}

const watchers = new Set<() => void>()
const darkDevice = '(prefers-color-scheme: dark)'

function watch(tell: () => void): () => void {
  const device = matchMedia(darkDevice)
  device.addEventListener('change', tell)
  watchers.add(tell)
  return () => {
    device.removeEventListener('change', tell)
    watchers.delete(tell)
  }
}

const shownTheme = (): Theme => themes.find((it) => it === document.documentElement.dataset.theme) ?? 'system'

/** The choice as it is in force on this page. */
export const useTheme = (): Theme => useSyncExternalStore(watch, shownTheme, () => 'system')

/** Whether the page is dark right now, by choice or by device. */
export const useDark = (): boolean => useSyncExternalStore(watch, isDark, () => false)

function isDark(): boolean {
  const theme = shownTheme()
  return theme === 'system' ? matchMedia(darkDevice).matches : theme === 'dark'
}
