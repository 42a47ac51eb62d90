import { z } from 'zod'

export const Task = z.object({
  id: z.string(),
  title: z.string(),
  notes: z.string().nullish(),
  due_on: z.string().nullish(),
  completed: z.boolean(),
})

export type Task = z.output<typeof Task>

/** The tasks that a name may mean: one when it is clear, several when it is not, none when nothing is like it. */
export function tasksNamed(name: string, tasks: readonly Task[]): Task[] {
  const likeness = tasks.map((task) => like(plain(name), plain(task.title)))
  const best = Math.max(0, ...likeness)
  if (best < 0.5) return []
  const found = tasks.filter((_, at) => likeness[at] === best)
  // Tasks of one title are as good as each other.
  return found.every((task) => plain(task.title) === plain(found[0]?.title ?? '')) ? found.slice(0, 1) : found
}

/** How much the title is like the name, from 0 to 4: the same, begins with it, holds it, shares so many of its words. */
function like(name: string, title: string): number {
  if (!name) return 0
  if (title === name) return 4
  if (title.startsWith(`${name} `)) return 3
  if (` ${title} `.includes(` ${name} `)) return 2
  const words = name.split(' ')
  const there = new Set(title.split(' '))
  return words.filter((word) => there.has(word)).length / words.length
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .replace(/\b(?:the|a|an|my|task|to)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
