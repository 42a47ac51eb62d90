import { useLocation, useNavigate } from '@remix-run/react'
import { useCallback, useEffect, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { Dialog } from '~/components/dialog.tsx'

const keys = [
  ['enter', 'send'],
  ['shiftEnter', 'line'],
  ['esc', 'stop'],
  ['up', 'edit'],
  ['ctrlShiftO', 'begin'],
  ['ctrlK', 'search'],
  ['?', 'list'],
] as const

type ShortcutsProps = { open: boolean; onOpenChange: (open: boolean) => void }

/** What the keyboard can do. Opens on `?`, as long as nobody writes. */
export function Shortcuts({ open, onOpenChange }: ShortcutsProps) {
  const navigate = useNavigate()
  const t = useTranslations('frame')
  const search = useSearch()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      if (event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
        event.preventDefault()
        search()
      }
      if (event.key.toLowerCase() === 'o' && (event.ctrlKey || event.metaKey) && event.shiftKey && !event.altKey) {
        event.preventDefault()
        navigate('/dashboard/chat')
      }
      if (event.key === '?' && !isWriting(event.target)) {
        event.preventDefault()
        onOpenChange(true)
      }
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [navigate, search, onOpenChange])
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('keyboard')}>
      <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-5 gap-y-2.5 text-[0.9375rem]">
        {keys.map(([key, words]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded-md border border-line bg-sunken px-2 py-0.5 font-mono text-sm">
                {key === '?' ? key : t(`keys.${key}`)}
              </kbd>
            </dt>
            <dd>{t(`keys.${words}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

/** Goes to where one searches, and into the field. */
function useSearch(): () => void {
  const navigate = useNavigate()
  const { key } = useLocation()
  const wanted = useRef(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: looks at each page that comes
  useEffect(() => {
    if (wanted.current) searchField()?.focus()
    wanted.current = false
  }, [key])
  return useCallback(() => {
    const field = searchField()
    field?.focus()
    if (field) return field.select()
    wanted.current = true
    navigate('/dashboard/history')
  }, [navigate])
}

const searchField = () => document.querySelector<HTMLInputElement>('#page input[type=search]')

const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'radio'].includes(target.type)))
