import { Form, useNavigation, useSubmit } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { inputStyle } from '~/components/field.tsx'
import { SearchIcon } from '~/components/icons.tsx'
import { Spinner } from '~/components/spinner.tsx'
import { shownOptions, type Wanted } from './filter.ts'

const pauseMs = 300
const labelStyle = 'grid grid-cols-[4rem_1fr] items-center gap-2 text-muted sm:flex'

/** What to look for. The address has it all, so that a search can be kept, shared with oneself and gone back to. */
export function SearchForm({ wanted }: { wanted: Wanted }) {
  const t = useTranslations('history')
  const submit = useSubmit()
  const form = useRef<HTMLFormElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>()
  const { state, location } = useNavigation()
  const busy = state === 'loading' && location.pathname === '/dashboard/history'
  useEffect(() => () => clearTimeout(timer.current), [])
  const { shown, from, to } = wanted
  // A link, or the way back, led to another address: the fields say what it asks for.
  useEffect(() => {
    for (const [name, value] of Object.entries({ shown, from, to })) {
      const field = form.current?.elements.namedItem(name)
      const isField = field instanceof HTMLInputElement || field instanceof HTMLSelectElement
      if (isField && field.value !== value) field.value = value
    }
  }, [shown, from, to])
  const look = (after: number) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => form.current && submit(form.current, { replace: true }), after)
  }
  return (
    <Form ref={form} role="search" className="space-y-3" onSubmit={() => clearTimeout(timer.current)}>
      <div className="relative">
        <span className="pointer-events-none absolute inset-y-0 start-3.5 grid place-items-center text-muted">
          {busy ? <Spinner /> : <SearchIcon />}
        </span>
        <input
          type="search"
          name="q"
          defaultValue={wanted.query}
          onChange={() => look(pauseMs)}
          maxLength={200}
          autoComplete="off"
          enterKeyHint="search"
          aria-label={t('search')}
          placeholder={t('placeholder')}
          className={`${inputStyle} h-12 ps-11`}
        />
      </div>
      <div className="grid gap-2 text-sm sm:flex sm:flex-wrap sm:gap-x-4">
        <label className={labelStyle}>
          {t('show')}
          <select
            name="shown"
            defaultValue={wanted.shown}
            onChange={() => look(0)}
            className={`${inputStyle} h-10 w-auto rounded-lg px-2.5 text-sm`}
          >
            {shownOptions.map((value) => (
              <option key={value} value={value}>
                {t(value)}
              </option>
            ))}
          </select>
        </label>
        <Day name="from" label={t('from')} value={wanted.from} onChange={() => look(0)} />
        <Day name="to" label={t('to')} value={wanted.to} onChange={() => look(0)} />
      </div>
    </Form>
  )
}

type DayProps = { name: string; label: string; value: string; onChange: () => void }

function Day({ name, label, value, onChange }: DayProps) {
  return (
    <label className={labelStyle}>
      {label}
      <input
        type="date"
        name={name}
        defaultValue={value}
        onChange={onChange}
        className={`${inputStyle} h-10 w-auto rounded-lg px-2.5 text-sm`}
      />
    </label>
  )
}
