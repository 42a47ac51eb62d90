import { useSyncExternalStore } from 'react'
import {
  chooseSurface,
  type SurfaceChoice,
  shownSurface,
  watchSurface,
} from '~/routes/dashboard.chat/surface-choice.ts'
import { chooseTheme, useTheme } from '~/theme.ts'
import { Choice } from './choice.tsx'
import { Card, Section } from './section.tsx'

/** What the pages look like, and which chat is on them. Kept in this browser. */
export function Appearance() {
  const theme = useTheme()
  const surface = useSyncExternalStore<SurfaceChoice>(watchSurface, shownSurface, () => 'chatkit')
  return (
    <Section id="appearance" title="Appearance" lead="Kept in this browser.">
      <Card>
        <div className="space-y-5">
          <Choice
            legend="Theme"
            value={theme}
            onChange={chooseTheme}
            options={[
              { value: 'system', label: 'Like the device' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
          />
          <Choice
            legend="Chat"
            value={surface}
            onChange={chooseSurface}
            options={[
              { value: 'chatkit', label: 'ChatKit', hint: 'When it can be loaded from its maker’s host.' },
              { value: 'panel', label: 'Parley’s own chat', hint: 'Nothing is loaded from anywhere else.' },
            ]}
          />
        </div>
      </Card>
    </Section>
  )
}
