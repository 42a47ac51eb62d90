import { useTranslations } from 'use-intl'
import { Button } from '~/components/button.tsx'
import { useSurface } from './surface.ts'

/** The way from ChatKit to the built-in panel. */
export function SurfaceSwitch() {
  const { choose } = useSurface()
  const t = useTranslations('chatkit')
  return (
    <Button look="quiet" size="small" onClick={() => choose('panel')}>
      {t('useBuiltIn')}
    </Button>
  )
}
