import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { useFrame } from '~/components/frame-context.ts'
import { ChevronDownIcon, ListIcon } from '~/components/icons.tsx'
import { MoreButton } from '~/components/more-button.tsx'
import { Notice } from '~/components/notice.tsx'
import { UndoNotice } from '~/components/undo-notice.tsx'
import { newKey } from '~/new-key.ts'
import { AddTaskForm } from './add-task-form.tsx'
import { TaskItem } from './task-item.tsx'
import type { Task } from './told-tasks.ts'
import { useAdding } from './use-adding.ts'
import type { useTasks } from './use-tasks.ts'

type TasksProps = { tasks: ReturnType<typeof useTasks>; today: string }

/** What there is to do: shown live, also while the assistant works on it. */
export function Tasks({ tasks, today }: TasksProps) {
  const { open, done, touched, failure, add, tick, hold, save, remove, restore } = tasks
  const adding = useAdding(useFrame().viewer.id, add)
  const t = useTranslations('tasks')
  const [removed, setRemoved] = useState<{ task: Task; key: string } | null>(null)
  const items = (list: readonly Task[]) => (
    <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-raised shadow-card">
      {list.map((task) => (
        <TaskItem
          key={task.id}
          task={task}
          today={today}
          touched={touched.has(task.id)}
          onTick={(completed) => void tick(task, completed)}
          onEditing={(isEdited) => hold(task, isEdited)}
          onSave={(text) => save(task, text)}
          onRemove={async () => {
            if (await remove(task)) setRemoved({ task, key: newKey() })
          }}
        />
      ))}
    </ul>
  )
  return (
    <section aria-labelledby="tasks-heading" className="min-w-0 space-y-4">
      <h2 id="tasks-heading" tabIndex={-1} data-home="" className="text-lg font-semibold tracking-tight">
        {t('tasks')}
      </h2>
      <AddTaskForm {...adding} />
      {failure && <Notice urgent>{failure}</Notice>}
      {removed && (
        <UndoNotice
          key={removed.key}
          title={removed.task.title}
          onUndo={async () => {
            // Gone at once: pressed twice it still comes back once.
            setRemoved(null)
            if (!(await restore(removed.task, removed.key))) setRemoved((other) => other ?? removed)
          }}
          onDismiss={() => setRemoved(null)}
        />
      )}
      {open.tasks.length > 0 ? items(open.tasks) : open.allHere && <NothingOpen first={done.count === 0} />}
      <MoreButton {...open.pages} />
      {(done.count > 0 || done.tasks.length > 0) && (
        <details className="group/done">
          <summary className="inline-flex min-h-10 list-none items-center gap-2 rounded-lg pe-2 text-sm font-medium text-muted hover:text-ink">
            <ChevronDownIcon className="size-4 -rotate-90 group-open/done:rotate-0 rtl:rotate-90 motion-safe:transition-transform" />
            {t('doneCount', { count: done.count })}
          </summary>
          <div className="mt-2">
            {items(done.tasks)}
            <MoreButton {...done.pages} />
          </div>
        </details>
      )}
    </section>
  )
}

function NothingOpen({ first }: { first: boolean }) {
  const t = useTranslations('tasks')
  return (
    <div className="rounded-2xl border border-dashed border-line px-6 py-10 text-center">
      <span className="mx-auto grid size-11 place-items-center rounded-xl border border-accent-line bg-accent-soft">
        <ListIcon />
      </span>
      <p className="mt-4 font-medium">{first ? t('none') : t('allDone')}</p>
      <p className="mx-auto mt-1 max-w-xs text-sm leading-relaxed text-muted">
        {first ? t('noneText') : t('allDoneText')}
      </p>
    </div>
  )
}
