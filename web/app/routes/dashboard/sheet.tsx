import { Dialog } from 'radix-ui'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { buttonStyle } from '~/components/button.tsx'
import { overlayStyle } from '~/components/dialog.tsx'
import { CrossIcon } from '~/components/icons.tsx'

type SheetProps = { open: boolean; onOpenChange: (open: boolean) => void; children: ReactNode }

/** The sidebar on small screens: slides over the page. */
export function Sheet({ open, onOpenChange, children }: SheetProps) {
  const t = useTranslations('frame')
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className={`${overlayStyle} lg:hidden`} />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 start-0 z-50 w-[min(19rem,calc(100vw-3rem))] border-e border-line bg-surface shadow-float outline-none motion-safe:animate-[slide-in_180ms_ease-out] rtl:animate-none lg:hidden"
        >
          <Dialog.Title className="sr-only">{t('menu')}</Dialog.Title>
          {children}
          <Dialog.Close
            aria-label={t('closeMenu')}
            className={buttonStyle({ look: 'quiet', size: 'icon', className: 'absolute top-3 end-3' })}
          >
            <CrossIcon />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
