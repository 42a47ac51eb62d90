import { useTranslations } from 'use-intl'
import { ExportAll } from './export-all.tsx'
import { ImportFile } from './import-file.tsx'
import { Card, Section } from './section.tsx'

/** Taking one's conversations along, and bringing some from elsewhere. */
export function Moving() {
  const t = useTranslations('moving')
  return (
    <Section id="moving" title={t('moving')} lead={t('lead')}>
      <Card>
        <ExportAll />
      </Card>
      <Card>
        <ImportFile />
      </Card>
    </Section>
  )
}
