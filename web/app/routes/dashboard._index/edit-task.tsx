import { type FormEvent, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { cn } from '~/components/class-names.ts'
import { inputStyle } from '~/components/field.tsx'
import type { Task } from './told-tasks.ts'
import type { TaskText } from './use-tasks.ts'

type EditTaskProps = { task: Task; onSave: (text: TaskText) => Promise<string | null>; onClose: () => void }

/** A task in the making again. Stays, with what was typed, until the server has it. */
export function EditTask({ task, onSave, onClose }: EditTaskProps) {
  const t = useTranslations()
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const title = String(data.get('title')).trim()
    const dueOn = String(data.get('due') ?? '') || null
    if (busy) return
    if (!title || (title === task.title && dueOn === task.dueOn)) return onClose()
    setBusy(true)
    setFailure(null)
    const failure = await onSave({ title, dueOn })
    if (failure === null) return onClose()
    setFailure(failure)
    setBusy(false)
  }
  return (
    <form
      onSubmit={submit}
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
        <Button type="submit" size="small" look="accent" disabled={busy}>
          {t('common.save')}
        </Button>
      </span>
      {failure && (
        <p role="alert" className="basis-full px-1 text-sm text-danger">
          {failure}
        </p>
      )}
    </form>
  )
}
