import { Form, Link } from '@remix-run/react'
import { useRef } from 'react'
import { useTranslations } from 'use-intl'
import { forgetToken } from '~/api.ts'
import { useFrame } from '~/components/frame-context.ts'
import { ChevronUpDownIcon, KeyboardIcon, SignOutIcon, SlidersIcon, TerminalIcon } from '~/components/icons.tsx'
import { Menu, MenuItem } from '~/components/menu.tsx'
import { forgetDrafts } from '~/drafts.ts'

/** Who is signed in, and what belongs to that. */
export function UserMenu() {
  const { viewer, showShortcuts } = useFrame()
  const t = useTranslations()
  const form = useRef<HTMLFormElement>(null)
  const signOut = () => {
    forgetDrafts(viewer.id)
    forgetToken()
    form.current?.requestSubmit()
  }
  return (
    <>
      {/* A whole new page: nothing of this person stays in the browser's memory. */}
      <Form ref={form} method="post" action="/sign-out" reloadDocument hidden />
      <Menu
        side="top"
        align="start"
        className="w-64"
        trigger={
          <button
            type="button"
            className="flex w-full items-center gap-3 rounded-xl p-2 text-start hover:bg-hover data-[state=open]:bg-hover"
          >
            <span
              aria-hidden="true"
              className="grid size-9 shrink-0 place-items-center rounded-full border border-accent-line bg-accent-soft font-semibold"
            >
              {([...viewer.name][0] ?? '?').toUpperCase()}
            </span>
            <span className="min-w-0 flex-1">
              <span className="block truncate text-sm font-medium" dir="auto">
                {viewer.name}
              </span>
              <span className="block truncate text-xs text-muted">{viewer.email}</span>
            </span>
            <ChevronUpDownIcon className="shrink-0 text-muted" />
          </button>
        }
      >
        <MenuItem asChild>
          <Link to="/dashboard/settings">
            <SlidersIcon className="text-muted" />
            {t('frame.settings')}
          </Link>
        </MenuItem>
        <MenuItem onSelect={showShortcuts}>
          <KeyboardIcon className="text-muted" />
          {t('frame.keyboard')}
        </MenuItem>
        <MenuItem asChild>
          <a href="/graphql">
            <TerminalIcon className="text-muted" />
            {t('frame.explorer')}
          </a>
        </MenuItem>
        <MenuItem onSelect={signOut}>
          <SignOutIcon className="text-muted" />
          {t('auth.signOut')}
        </MenuItem>
      </Menu>
    </>
  )
}
