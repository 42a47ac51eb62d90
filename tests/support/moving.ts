import { expect } from 'vitest'
import type { User } from './user.ts'

export type Import = {
  id: string
  status: string
  format: string | null
  problem: string | null
  total: number
  imported: number
  present: number
  skipped: number
  report: { name: string; outcome: string; reason: string | null; conversationId: string | null }[]
}

const imports = `{ imports { id status format problem total imported present skipped report { name outcome reason conversationId } } }`

/** Sends a file and waits for the end of its reading. */
export async function moveIn(user: User, file: string | object): Promise<Import> {
  const response = await user.request('/import', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: typeof file === 'string' ? file : JSON.stringify(file),
  })
  expect(response.status, await response.clone().text()).toBe(202)
  const { import: begun }: { import: { id: string } } = await response.json()
  const find = async () => {
    const { imports: all } = await user.query<{ imports: Import[] }>(imports)
    return all.find(({ id }) => id === begun.id)
  }
  await expect.poll(async () => (await find())?.status, { timeout: 50_000 }).not.toBe('RUNNING')
  const job = await find()
  if (!job) throw new Error('The import is gone')
  expect(job.imported + job.present + job.skipped).toBe(job.report.length)
  expect(job.total).toBe(job.report.length)
  return job
}
