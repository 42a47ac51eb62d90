import { useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { query } from '~/api.ts'
import { sentenceOf } from '~/failure.ts'
import { graphql } from '../../../schema/generated/gql.ts'
import type { MessageVersionsQuery } from '../../../schema/generated/graphql.ts'
import { buttonStyle } from './button.tsx'
import { ChevronLeftIcon, ChevronRightIcon } from './icons.tsx'

/** What was said before: so many versions at a time, and the way on from the last of them. */
const Versions = graphql(`
  query MessageVersions($id: ID!) {
    node(id: $id) {
      ... on Message {
        replaces {
          id
          content
          replaces {
            id
            content
            replaces {
              id
              content
              replaces {
                id
                content
                replaces {
                  id
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

const versionsAtOnce = 5

type MessageVersionsProps = { messageId: string; onShow: (earlier: string | null) => void }

/** Steps through the versions that an edited message had. They are read when somebody wants to see them. */
export function MessageVersions({ messageId, onShow }: MessageVersionsProps) {
  const t = useTranslations('chat')
  const [back, setBack] = useState(0)
  const [earlier, setEarlier] = useState<readonly string[] | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const asked = useRef(false)
  useEffect(() => onShow(back === 0 ? null : (earlier?.[back - 1] ?? null)), [back, earlier, onShow])

  const stepBack = async () => {
    if (earlier) return setBack(Math.min(back + 1, earlier.length))
    if (asked.current) return
    asked.current = true
    setFailure(null)
    try {
      setEarlier(await versionsBefore(messageId))
      setBack(1)
    } catch (error) {
      setFailure(sentenceOf(error))
    } finally {
      asked.current = false
    }
  }
  const all = (earlier?.length ?? 0) + 1
  return (
    <span data-versions="" className="flex items-center text-xs text-muted">
      <button
        type="button"
        onClick={() => void stepBack()}
        // Not `disabled`: that would take the focus away from who steps by key.
        aria-disabled={back > 0 && back >= all - 1}
        aria-label={t('earlierVersion')}
        title={t('earlierVersion')}
        className={buttonStyle({ look: 'quiet', size: 'tiny' })}
      >
        <ChevronLeftIcon className="size-4 rtl:-scale-x-100" />
      </button>
      <span role="status">{failure ?? (back === 0 ? t('edited') : t('versionOf', { at: all - back, all }))}</span>
      <button
        type="button"
        onClick={() => setBack(Math.max(0, back - 1))}
        aria-disabled={back === 0}
        aria-label={t('laterVersion')}
        title={t('laterVersion')}
        className={buttonStyle({ look: 'quiet', size: 'tiny' })}
      >
        <ChevronRightIcon className="size-4 rtl:-scale-x-100" />
      </button>
    </span>
  )
}

type Version = { id: string; content: string; replaces?: Version | null }

/** From the one before this message back to the first. Rejects with a `Failure`. */
async function versionsBefore(messageId: string): Promise<string[]> {
  const versions: string[] = []
  for (let from: string | null = messageId; from; ) {
    const { node }: MessageVersionsQuery = await query(Versions, { id: from })
    let found = 0
    let at: Version | null | undefined = node && 'replaces' in node ? node.replaces : null
    from = null
    for (; at; at = at.replaces) {
      versions.push(at.content)
      found++
      from = at.id
    }
    if (found < versionsAtOnce) from = null
  }
  return versions
}
