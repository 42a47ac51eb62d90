import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { daysBetween } from '~/clock.tsx'
import { Button, buttonStyle } from '~/components/button.tsx'
import { cn } from '~/components/class-names.ts'
import { inputStyle } from '~/components/field.tsx'
import { CalendarIcon, CheckIcon, PencilIcon, TrashIcon } from '~/components/icons.tsx'
import { Day } from '~/components/when.tsx'
import type { Task, TaskChange } from './use-tasks.ts'

type TaskItemProps = {
  task: Task
  today: string
  /** Changed by somebody else while the page was open: glows for a moment. */
  touched: boolean
  onChange: (to: TaskChange) => void
  onRemove: () => void
}

export function TaskItem({ task, today, touched, onChange, onRemove }: TaskItemProps) {
  const t = useTranslations()
  const [editing, setEditing] = useState(false)
  const edit = useRef<HTMLButtonElement>(null)
  const wasEditing = useRef(false)
  // Focus comes back to where it left from.
  useEffect(() => {
    if (wasEditing.current && !editing) edit.current?.focus()
    wasEditing.current = editing
  }, [editing])
  const done = task.completedAt !== null
  return (
    <li
      className={cn('group/task px-2', touched && 'motion-safe:animate-[glow_2.5s_ease-out]')}
      data-task={task.id}
      data-due={task.dueOn ?? undefined}
    >
      {editing ? (
        <EditTask task={task} onChange={onChange} onClose={() => setEditing(false)} />
      ) : (
        <div className="grid min-h-13 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 pe-2 sm:grid-cols-[minmax(0,1fr)_auto_auto]">
          {/* biome-ignore lint/a11y/noLabelWithoutControl: Checkbox is one */}
          <label className="flex min-w-0 flex-1 cursor-pointer items-center gap-3 py-2.5 ps-2">
            <Checkbox checked={done} onChange={(completed) => onChange({ completed })} />
            <span className="min-w-0 flex-1">
              <span className={cn('block wrap-anywhere', done && 'text-muted line-through')} dir="auto">
                {task.title}
              </span>
              {task.notes && (
                <span className="block truncate text-sm text-muted" dir="auto">
                  {task.notes}
                </span>
              )}
            </span>
          </label>
          <span className="flex opacity-0 group-focus-within/task:opacity-100 group-hover/task:opacity-100 pointer-coarse:opacity-100">
            <button
              ref={edit}
              type="button"
              onClick={() => setEditing(true)}
              aria-label={t('tasks.edit', { title: task.title })}
              title={t('common.edit')}
              className={buttonStyle({ look: 'quiet', size: 'tiny' })}
            >
              <PencilIcon className="size-4.5" />
            </button>
            <button
              type="button"
              onClick={onRemove}
              aria-label={t('tasks.delete', { title: task.title })}
              title={t('common.delete')}
              className={buttonStyle({ look: 'quiet', size: 'tiny', className: 'hover:text-danger' })}
            >
              <TrashIcon className="size-4.5" />
            </button>
          </span>
          {task.dueOn && <Due day={task.dueOn} today={today} done={done} />}
        </div>
      )}
    </li>
  )
}

/** A native checkbox under a drawn one: keys, names and forced colours keep working. */
function Checkbox({ checked, onChange }: { checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <span className="relative grid size-5.5 shrink-0 place-items-center">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="peer absolute inset-0 size-full cursor-pointer appearance-none rounded-full border-[1.5px] border-field bg-raised checked:border-accent-ink/60 checked:bg-accent forced-colors:appearance-auto"
      />
      <CheckIcon
        className="pointer-events-none relative size-3.5 text-accent-ink opacity-0 peer-checked:opacity-100 forced-colors:hidden"
        strokeWidth="3"
      />
    </span>
  )
}

function Due({ day, today, done }: { day: string; today: string; done: boolean }) {
  const t = useTranslations('tasks')
  const days = daysBetween(today, day)
  const late = !done && days < 0
  return (
    <span
      className={cn(
        'mb-2.5 ms-10.5 flex items-center justify-self-start sm:m-0 gap-1.5 rounded-full border border-line px-2.5 py-1 text-xs text-muted',
        late && 'border-danger-line bg-danger-soft text-danger',
        !done && days === 0 && 'border-accent-line bg-accent-soft text-ink',
      )}
    >
      <CalendarIcon className="size-3.5" />
      <span className="sr-only">{late ? t('overdue') : t('due')}</span>
      <Day day={day} today={today} />
    </span>
  )
}

type EditTaskProps = { task: Task; onChange: (to: TaskChange) => void; onClose: () => void }

function EditTask({ task, onChange, onClose }: EditTaskProps) {
  const t = useTranslations()
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const title = String(data.get('title')).trim()
    const dueOn = String(data.get('due') ?? '') || null
    if (title && (title !== task.title || dueOn !== task.dueOn)) onChange({ title, dueOn })
    onClose()
  }
  return (
    <form
      onSubmit={save}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
      className="flex flex-wrap items-center gap-2 px-1 py-3"
    >
      <input
        name="title"
        aria-label={t('common.title')}
        defaultValue={task.title}
        maxLength={1000}
        required
        dir="auto"
        // biome-ignore lint/a11y/noAutofocus: one asked to edit it
        autoFocus
        className={cn(inputStyle, 'h-10 min-w-0 flex-1 basis-full rounded-lg')}
      />
      <input
        name="due"
        type="date"
        aria-label={t('tasks.dueDate')}
        defaultValue={task.dueOn ?? ''}
        className={cn(inputStyle, 'h-10 w-auto min-w-0 rounded-lg text-sm')}
      />
      <span className="ms-auto flex gap-2">
        <Button size="small" look="quiet" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button type="submit" size="small" look="accent">
          {t('common.save')}
        </Button>
      </span>
    </form>
  )
}
