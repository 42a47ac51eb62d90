import { useTranslations } from 'use-intl'
import { cn } from './class-names.ts'

/** What goes into a tool or comes out of it: a list of names and values, a table, or JSON, as it fits. */
export function ToolValue({ value }: { value: unknown }) {
  const t = useTranslations('tools')
  const plain = plainMembers(value)
  if (plain?.length === 0) return <p className="text-sm text-muted">{t('none')}</p>
  if (plain) return <Members of={plain} />
  const table = tableIn(value)
  if (table)
    return (
      <div className="space-y-2">
        {table.beside.length > 0 && <Members of={table.beside} />}
        <Table rows={table.rows} />
      </div>
    )
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
    <pre tabIndex={0} className="max-h-64 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs leading-5">
      {text}
    </pre>
  )
}

type Member = [name: string, text: string]
type Row = Record<string, string>

function Members({ of }: { of: readonly Member[] }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
      {of.map(([name, text]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 wrap-anywhere" dir="auto">
            {text}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Table({ rows }: { rows: readonly Row[] }) {
  const t = useTranslations('tools')
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
    <figure tabIndex={0} aria-label={t('result')} className="max-h-80 overflow-auto rounded-lg border border-line">
      <table className="w-full text-start text-sm">
        <thead>
          <tr className="bg-sunken text-xs text-muted">
            {names.map((name) => (
              <th key={name} scope="col" className="px-3 py-1.5 text-start font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a result does not change
            <tr key={at}>
              {names.map((name) => (
                <td key={name} className={cn('px-3 py-1.5 align-top', widthFor(row[name] ?? ''))} dir="auto">
                  {row[name] ?? ''}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

/** Ids and days stay in one piece, and the table scrolls; sentences break. */
function widthFor(text: string): string {
  return text.length <= 40 ? 'whitespace-nowrap' : 'min-w-48 max-w-72 wrap-anywhere'
}

function plainMembers(value: unknown): Member[] | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null
  const members = Object.entries(value).filter(([, it]) => it !== null)
  if (members.some(([, it]) => typeof it === 'object')) return null
  return members.map(([name, it]) => [name, String(it)])
}

/** A list of plain objects, by itself or as the only list beside plain members. */
function tableIn(value: unknown): { rows: Row[]; beside: Member[] } | null {
  if (Array.isArray(value)) return withRows(value, [])
  if (value === null || typeof value !== 'object') return null
  const [list, ...more] = Object.entries(value).filter(([, it]) => Array.isArray(it))
  if (!list || more.length > 0) return null
  const beside = plainMembers({ ...value, [list[0]]: null })
  return beside && withRows(list[1], beside)
}

function withRows(list: readonly unknown[], beside: Member[]): { rows: Row[]; beside: Member[] } | null {
  const rows = list.map(plainMembers)
  if (rows.length === 0 || rows.some((it) => !it?.length)) return null
  return { rows: rows.map((it) => Object.fromEntries(it ?? [])), beside }
}
