import { useTranslations } from 'use-intl'
import { CheckIcon, ToolIcon } from './icons.tsx'
import { Mark } from './logo.tsx'

/** A picture of what the product does, beside the sign-in form. Dark in both themes. */
export function Showcase() {
  const t = useTranslations('auth.showcase')
  return (
    <div
      aria-hidden="true"
      className="relative hidden overflow-hidden bg-[#07120b] text-[#e9f5ec] lg:grid lg:place-items-center"
    >
      <div className="absolute -top-1/4 -end-1/4 size-[44rem] rounded-full bg-[radial-gradient(closest-side,#0fff5038,transparent)]" />
      <div className="absolute -bottom-1/3 -start-1/4 size-[40rem] rounded-full bg-[radial-gradient(closest-side,#0fff501f,transparent)]" />
      <div className="absolute inset-0 bg-[linear-gradient(#ffffff08_1px,transparent_1px),linear-gradient(90deg,#ffffff08_1px,transparent_1px)] bg-[size:3rem_3rem] [mask-image:radial-gradient(closest-side,black,transparent)]" />
      <div className="relative w-full max-w-md space-y-4 px-8">
        <div className="ms-auto w-fit rounded-2xl rounded-ee-md bg-accent px-4 py-2.5 text-accent-ink">{t('ask')}</div>
        <div className="flex gap-3">
          <Mark className="mt-1 size-7" />
          <div className="min-w-0 flex-1 space-y-3">
            <div className="flex items-center gap-3 rounded-xl border border-white/12 bg-white/5 px-3.5 py-3 text-sm backdrop-blur">
              <ToolIcon className="size-4 text-accent" />
              <span className="flex-1">
                <span className="block font-medium">{t('tool')}</span>
                <span className="block text-xs text-white/65">{t('arguments')}</span>
              </span>
              <CheckIcon className="size-4 text-accent" />
            </div>
            <p className="leading-relaxed text-white/85">
              {t.rich('answer', { b: (words) => <strong className="font-semibold text-white">{words}</strong> })}
            </p>
          </div>
        </div>
        <p className="pt-8 text-2xl font-semibold tracking-tight text-balance text-white">
          {t('first')}
          <br />
          <span className="text-accent">{t('second')}</span>
        </p>
      </div>
    </div>
  )
}
