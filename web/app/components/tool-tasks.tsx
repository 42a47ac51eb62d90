import { useTranslations } from 'use-intl'
import { dayOf, useClock } from '~/clock.tsx'
import type { ToolCallFieldsFragment } from '../../../schema/generated/graphql.ts'
import { cn } from './class-names.ts'
import { Due } from './due.tsx'
import { CheckIcon } from './icons.tsx'

/** A task as the built-in tools tell of it. */
type ToldTask = { title: string; notes: string | null; due_on: string | null; completed: boolean }
type Told = { tasks: ToldTask[]; more: boolean }

/** The tasks that a built-in tool found, changed or deleted; null for any other result. */
export function tasksIn({ server, result }: Pick<ToolCallFieldsFragment, 'server' | 'result'>): Told | null {
  if (server !== 'tasks' || !isObject(result)) return null
  const { tasks, task, deleted, more } = result
  const told = Array.isArray(tasks) ? tasks : [task ?? deleted]
  return told.every(isTask) ? { tasks: told, more: more === true } : null
}

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object'

function isTask(value: unknown): value is ToldTask {
  if (!isObject(value)) return false
  const { title, notes, due_on: day, completed } = value
  const texts = typeof title === 'string' && (notes === null || typeof notes === 'string')
  return texts && (day === null || isDay(day)) && typeof completed === 'boolean'
}

const isDay = (value: unknown) =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))

/** Tasks as they are on the dashboard, but as they were then: nothing can be ticked, and nothing says that it is late. */
export function ToolTasks({ told: { tasks, more } }: { told: Told }) {
  const t = useTranslations('tools')
  const { now, zone } = useClock()
  const today = dayOf(now, zone)
  if (tasks.length === 0) return <p className="text-sm text-muted">{t('none')}</p>
  return (
    <div className="space-y-2">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
      <figure tabIndex={0} aria-label={t('result')} className="max-h-80 overflow-auto rounded-lg border border-line">
        <ul className="divide-y divide-line">
          {tasks.map((task, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a result does not change
            <Item key={at} task={task} today={today} />
          ))}
        </ul>
      </figure>
      {more && <p className="text-xs text-muted">{t('moreTasks')}</p>}
    </div>
  )
}

function Item({ task: { title, notes, due_on: day, completed }, today }: { task: ToldTask; today: string }) {
  return (
    <li className="flex flex-col gap-x-3 gap-y-1 px-3 py-2 text-sm sm:flex-row sm:items-center">
      <span className="flex min-w-0 flex-1 items-center gap-3">
        <Mark checked={completed} />
        <span className="min-w-0 flex-1">
          <span className={cn('block wrap-anywhere', completed && 'text-muted line-through')} dir="auto">
            {title}
          </span>
          {notes && (
            <span className="block truncate text-xs text-muted" dir="auto">
              {notes}
            </span>
          )}
        </span>
      </span>
      {day && <Due day={day} today={today} calm className="ms-8 self-start sm:ms-0 sm:self-auto" />}
    </li>
  )
}

function Mark({ checked }: { checked: boolean }) {
  const t = useTranslations('chat')
  return (
    <span
      className={cn(
        'grid size-5 shrink-0 place-items-center rounded-full border-[1.5px]',
        checked ? 'border-accent-ink/60 bg-accent' : 'border-field bg-raised',
      )}
    >
      {checked && <CheckIcon className="size-3 text-accent-ink" strokeWidth="3" />}
      <span className="sr-only">{checked ? t('ticked') : t('open')}</span>
    </span>
  )
}
