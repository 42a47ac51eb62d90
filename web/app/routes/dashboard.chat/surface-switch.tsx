import { Button } from '~/components/button.tsx'
import { useSurface } from './surface.ts'

/** The way from ChatKit to the built-in panel. */
export function SurfaceSwitch() {
  const { choose } = useSurface()
  return (
    <Button look="quiet" size="small" onClick={() => choose('panel')}>
      Use the built-in chat
    </Button>
  )
}
