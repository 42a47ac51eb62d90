import { type InputHTMLAttributes, useId } from 'react'
import { cn } from './class-names.ts'

export const inputStyle =
  'w-full rounded-xl border border-field bg-raised px-3.5 text-base text-ink placeholder:text-muted aria-invalid:border-danger'

type FieldProps = InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string; error?: string }

/** A labelled input; what is wrong with it is said below it and tied to it. */
export function Field({ label, hint, error, className, ...input }: FieldProps) {
  const id = useId()
  const note = error ?? hint
  return (
    <div className={cn('space-y-1.5', className)}>
      <label htmlFor={id} className="block text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        className={cn(inputStyle, 'h-11')}
        aria-invalid={error ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        {...input}
      />
      {note && (
        <p id={`${id}-note`} className={cn('text-sm', error ? 'text-danger' : 'text-muted')}>
          {note}
        </p>
      )}
    </div>
  )
}
