import { type ReactNode, useId } from 'react'
import { cn } from '~/components/class-names.ts'

type ChoiceProps<Value extends string> = {
  legend: string
  value: Value
  onChange: (value: Value) => void
  options: readonly { value: Value; label: string; hint?: ReactNode; lang?: string }[]
}

/** One of a few, as radio buttons that look like cards. */
export function Choice<Value extends string>({ legend, value, onChange, options }: ChoiceProps<Value>) {
  const name = useId()
  return (
    <fieldset>
      <legend className="mb-2 text-sm font-medium">{legend}</legend>
      <div className="grid gap-2.5 sm:grid-cols-[repeat(auto-fit,minmax(11rem,1fr))]">
        {options.map((option) => (
          <label
            key={option.value}
            className={cn(
              'flex min-h-12 cursor-pointer items-start gap-3 rounded-xl border border-line px-3.5 py-3 hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-link',
              option.value === value && 'border-accent-line bg-accent-soft hover:bg-accent-soft',
            )}
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
              className="mt-1 size-4 shrink-0 accent-link outline-none"
            />
            <span className="min-w-0">
              <span className="block text-[0.9375rem] wrap-anywhere" lang={option.lang}>
                {option.label}
              </span>
              {option.hint && <span className="block text-sm text-muted">{option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
