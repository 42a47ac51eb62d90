import { type FormEvent, useRef } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { PlusIcon } from '~/components/icons.tsx'

type AddTaskFormProps = { onAdd: (task: { title: string; dueOn: string | null }) => Promise<boolean> }

/** One line: what, and until when if that matters. Free for the next one at once; what could not be added comes back. */
export function AddTaskForm({ onAdd }: AddTaskFormProps) {
  const t = useTranslations()
  const form = useRef<HTMLFormElement>(null)
  const title = useRef<HTMLInputElement>(null)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const wanted = { title: String(data.get('title')).trim(), dueOn: String(data.get('due') ?? '') || null }
    title.current?.focus()
    if (!wanted.title) return
    form.current?.reset()
    const added = await onAdd(wanted)
    if (!added && title.current?.value === '') title.current.value = wanted.title
  }
  return (
    <form
      ref={form}
      onSubmit={submit}
      className="flex flex-wrap items-center gap-2 rounded-2xl border border-field bg-raised p-2 shadow-card"
    >
      <input
        ref={title}
        name="title"
        aria-label={t('tasks.newTask')}
        placeholder={t('tasks.addTask')}
        maxLength={1000}
        autoComplete="off"
        dir="auto"
        className="h-10 min-w-0 flex-1 basis-full sm:basis-44 rounded-lg bg-transparent px-3 text-base"
      />
      <input
        name="due"
        type="date"
        aria-label={t('tasks.dueDate')}
        className="h-10 min-w-0 flex-1 rounded-lg bg-sunken px-3 text-sm text-muted sm:flex-none"
      />
      <Button type="submit" look="accent" size="small" className="h-10">
        <PlusIcon className="size-4" />
        {t('common.add')}
      </Button>
    </form>
  )
}
