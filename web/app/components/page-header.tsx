import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from './button.tsx'
import { useFrame } from './frame-context.ts'
import { MenuIcon } from './icons.tsx'

/** The bar on top of a page: the way to the sidebar on small screens, the page's title, what else belongs up there. */
export function PageHeader({ title, children }: { title: ReactNode; children?: ReactNode }) {
  const { openSidebar } = useFrame()
  const t = useTranslations('frame')
  return (
    <header className="flex h-15 shrink-0 items-center gap-2 border-b border-line px-3 sm:px-5">
      <Button look="quiet" size="icon" className="lg:hidden" onClick={openSidebar} aria-label={t('openMenu')}>
        <MenuIcon />
      </Button>
      <h1 className="min-w-0 flex-1 truncate px-1 text-[0.9375rem] font-semibold" dir="auto">
        {title}
      </h1>
      {children}
    </header>
  )
}
