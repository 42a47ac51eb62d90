import { useEffect, useMemo, useState } from 'react'
import { useQuery } from 'urql'
import { useTranslations } from 'use-intl'
import { failureOf } from '~/api.ts'
import { graphql } from '../../../schema/generated/gql.ts'
import type { MessageVersionsQuery } from '../../../schema/generated/graphql.ts'
import { buttonStyle } from './button.tsx'
import { ChevronLeftIcon, ChevronRightIcon } from './icons.tsx'

/** What was said before, as far back as anybody will want to look. */
const Versions = graphql(`
  query MessageVersions($id: ID!) {
    node(id: $id) {
      ... on Message {
        replaces {
          content
          replaces {
            content
            replaces {
              content
              replaces {
                content
                replaces {
                  content
                }
              }
            }
          }
        }
      }
    }
  }
`)

type MessageVersionsProps = { messageId: string; onShow: (earlier: string | null) => void }

/** Steps through the versions that an edited message had. They are read when somebody wants to see them. */
export function MessageVersions({ messageId, onShow }: MessageVersionsProps) {
  const t = useTranslations('chat')
  const [back, setBack] = useState(0)
  const [{ data, fetching, error }] = useQuery({ query: Versions, variables: { id: messageId }, pause: back === 0 })
  const earlier = useMemo(() => versionsIn(data), [data])
  useEffect(() => onShow(back === 0 ? null : (earlier[back - 1] ?? null)), [back, earlier, onShow])
  const position = back === 0 ? t('edited') : t('versionOf', { at: earlier.length + 1 - back, all: earlier.length + 1 })
  return (
    <span data-versions="" className="flex items-center text-xs text-muted">
      <button
        type="button"
        onClick={() => setBack(back + 1)}
        disabled={fetching || (back > 0 && back >= earlier.length)}
        aria-label={t('earlierVersion')}
        title={t('earlierVersion')}
        className={buttonStyle({ look: 'quiet', size: 'tiny' })}
      >
        <ChevronLeftIcon className="size-4 rtl:-scale-x-100" />
      </button>
      <span role="status">{error ? failureOf(error).message : position}</span>
      <button
        type="button"
        onClick={() => setBack(back - 1)}
        disabled={back === 0}
        aria-label={t('laterVersion')}
        title={t('laterVersion')}
        className={buttonStyle({ look: 'quiet', size: 'tiny' })}
      >
        <ChevronRightIcon className="size-4 rtl:-scale-x-100" />
      </button>
    </span>
  )
}

type Version = { content: string; replaces?: Version | null }

/** From the one before the newest back to the first. */
function versionsIn(data: MessageVersionsQuery | undefined): string[] {
  const versions: string[] = []
  let at: Version | null | undefined = data?.node && 'replaces' in data.node ? data.node.replaces : null
  for (; at; at = at.replaces) versions.push(at.content)
  return versions
}
