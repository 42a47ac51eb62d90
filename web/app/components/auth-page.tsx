import type { ReactNode } from 'react'
import { LanguageSelect } from './language-select.tsx'
import { Logo } from './logo.tsx'
import { Showcase } from './showcase.tsx'

type AuthPageProps = { title: string; lead: ReactNode; children: ReactNode }

/** What sign-in and sign-up have around their form. */
export function AuthPage({ title, lead, children }: AuthPageProps) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(26rem,5fr)_6fr]">
      <main className="flex flex-col px-6 py-6 sm:px-12">
        <div className="flex items-center justify-between gap-3">
          <Logo />
          <LanguageSelect />
        </div>
        <div className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-12">
          <h1 className="text-3xl font-semibold tracking-tight text-balance">{title}</h1>
          <p className="mt-2.5 mb-8 text-muted">{lead}</p>
          {children}
        </div>
      </main>
      <Showcase />
    </div>
  )
}
