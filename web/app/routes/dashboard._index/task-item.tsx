import { useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { buttonStyle } from '~/components/button.tsx'
import { cn } from '~/components/class-names.ts'
import { Due } from '~/components/due.tsx'
import { CheckIcon, PencilIcon, TrashIcon } from '~/components/icons.tsx'
import { EditTask } from './edit-task.tsx'
import type { Task } from './told-tasks.ts'
import type { TaskText } from './use-tasks.ts'

type TaskItemProps = {
  task: Task
  today: string
  /** Changed by somebody else while the page was open: glows for a moment. */
  touched: boolean
  onTick: (completed: boolean) => void
  /** Told when editing begins and ends. */
  onEditing: (isEdited: boolean) => void
  onSave: (text: TaskText) => Promise<string | null>
  onRemove: () => void
}

export function TaskItem({ task, today, touched, onTick, onEditing, onSave, onRemove }: TaskItemProps) {
  const t = useTranslations()
  const [editing, setEditing] = useState(false)
  const turn = (isEdited: boolean) => {
    setEditing(isEdited)
    onEditing(isEdited)
  }
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
        <EditTask task={task} onSave={onSave} onClose={() => turn(false)} />
      ) : (
        <div className="grid min-h-13 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 pe-2 sm:grid-cols-[minmax(0,1fr)_auto_auto]">
          {/* biome-ignore lint/a11y/noLabelWithoutControl: Checkbox is one */}
          <label className="flex min-w-0 flex-1 cursor-pointer items-center gap-3 py-2.5 ps-2">
            <Checkbox checked={done} onChange={onTick} />
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
              onClick={() => turn(true)}
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
          {task.dueOn && (
            <Due day={task.dueOn} today={today} calm={done} className="mb-2.5 ms-10.5 justify-self-start sm:m-0" />
          )}
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
