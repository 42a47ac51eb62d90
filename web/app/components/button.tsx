import { cva, type VariantProps } from 'class-variance-authority'
import { type ButtonHTMLAttributes, forwardRef } from 'react'
import { cn } from './class-names.ts'

export const buttonStyle = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-xl font-medium whitespace-nowrap select-none motion-safe:transition-colors disabled:pointer-events-none disabled:opacity-50 aria-disabled:opacity-50',
  {
    variants: {
      look: {
        accent: 'border border-transparent bg-accent text-accent-ink hover:bg-accent-hover',
        outline: 'border border-line bg-raised text-ink shadow-card hover:bg-hover',
        quiet: 'text-muted hover:bg-hover hover:text-ink',
        danger: 'border border-danger-line bg-danger-soft text-danger hover:brightness-95 dark:hover:brightness-125',
      },
      size: {
        normal: 'h-11 px-4 text-[0.9375rem]',
        small: 'h-9 rounded-lg px-3 text-sm',
        icon: 'size-10 rounded-lg',
        tiny: 'size-8 rounded-lg',
      },
    },
    defaultVariants: { look: 'outline', size: 'normal' },
  },
)

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & VariantProps<typeof buttonStyle>

export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { look, size, className, type = 'button', ...rest },
  ref,
) {
  return <button ref={ref} type={type} className={cn(buttonStyle({ look, size }), className)} {...rest} />
})
