import { type FormEvent, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { PlusIcon } from '~/components/icons.tsx'
import { Notice } from '~/components/notice.tsx'
import type { Adding } from './outgoing-tasks.ts'
import type { useAdding } from './use-adding.ts'

/** One line: what, and until when if that matters. Free for the next one at once; what could not be added stays below it. */
export function AddTaskForm({ failed, start, again, forget }: ReturnType<typeof useAdding>) {
  const t = useTranslations()
  const form = useRef<HTMLFormElement>(null)
  const title = useRef<HTMLInputElement>(null)
  const due = useRef<HTMLInputElement>(null)
  const [empty, setEmpty] = useState(true)
  const look = () => setEmpty(!title.current?.value.trim() && !due.current?.value)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const wanted = { title: String(data.get('title')).trim(), dueOn: String(data.get('due') ?? '') || null }
    title.current?.focus()
    if (!wanted.title) return
    form.current?.reset()
    look()
    start(wanted)
  }
  const takeBack = (task: Adding) => {
    if (title.current) title.current.value = task.title
    if (due.current) due.current.value = task.dueOn ?? ''
    look()
    forget(task)
    title.current?.focus()
  }
  return (
    <>
      <form
        ref={form}
        onSubmit={submit}
        onInput={look}
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
          ref={due}
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
      {failed.length > 0 && (
        <ul className="space-y-2">
          {failed.map((task) => (
            <li key={task.key} data-not-added="">
              <NotAdded task={task} onAgain={() => again(task)} onTakeBack={empty ? () => takeBack(task) : undefined} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

type NotAddedProps = {
  task: Adding
  onAgain: () => void
  /** Back into the form, while nothing else stands there. */
  onTakeBack: (() => void) | undefined
}

function NotAdded({ task, onAgain, onTakeBack }: NotAddedProps) {
  const t = useTranslations()
  return (
    <Notice
      urgent
      action={
        <span className="flex gap-2">
          <Button size="small" onClick={onAgain} disabled={task.busy}>
            {t('common.tryAgain')}
          </Button>
          {onTakeBack && (
            <Button size="small" look="quiet" onClick={onTakeBack} disabled={task.busy}>
              {t('common.edit')}
            </Button>
          )}
        </span>
      }
    >
      <bdi className="block font-medium wrap-anywhere">{task.title}</bdi>
      {task.failure}
    </Notice>
  )
}
