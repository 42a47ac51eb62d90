import type { LoaderFunctionArgs } from '@remix-run/node'
import { Outlet, useLoaderData, useParams } from '@remix-run/react'
import { type ComponentType, lazy, Suspense, useEffect, useRef, useState } from 'react'
import { apiFor } from '~/api.server.ts'
import type { ChatHandle, ChatProps } from './chat.tsx'
import { Abilities } from './queries.ts'
import type { Surface } from './surface.ts'
import { chooseSurface, surfaceOf } from './surface-choice.ts'
import { useChatKitSurface } from './use-chatkit-surface.ts'

const Chat = lazy(
  (): Promise<{ default: ComponentType<ChatProps> }> =>
    import('./chat.tsx').then(
      ({ Chat }) => ({ default: Chat }),
      () => ({ default: NoChat }),
    ),
)

/** When ChatKit's part of the page cannot be loaded, the rest of the page stays as it is. */
function NoChat({ onFailed }: ChatProps) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once
  useEffect(() => onFailed('not-ready'), [])
  return null
}

export async function loader(args: LoaderFunctionArgs) {
  const panelOnly = surfaceOf(args.request.headers.get('cookie') ?? '') === 'panel'
  const { dictation } = await apiFor(args)(Abilities, {})
  return { domainKey: args.context.chatkitDomainKey, dictation, panelOnly }
}

/** Holds ChatKit above the single conversations, so that it lives on when a new conversation gets its address. */
export default function ChatLayout() {
  const { domainKey, dictation, panelOnly } = useLoaderData<typeof loader>()
  const { id = null } = useParams()
  const [wanted, setWanted] = useState(!panelOnly)
  const [streaming, setStreaming] = useState(false)
  const { mounted, shown, note, claim, onMounted, onReady, onFailed, tryAgain } = useChatKitSurface(wanted)
  const chat = useRef<ChatHandle>(null)

  const choose: Surface['choose'] = (choice) => {
    chooseSurface(choice)
    setWanted(choice === 'chatkit')
    if (choice === 'chatkit') tryAgain()
  }
  const surface: Surface = {
    chatkit: shown,
    streaming,
    refresh: () => chat.current?.refresh(),
    claim,
    note,
    choose,
  }
  return (
    <div className="relative flex h-full flex-col">
      <div className={shown ? 'shrink-0' : 'min-h-0 flex-1'}>
        <Outlet context={surface} />
      </div>
      {mounted && (
        <div
          className={shown ? 'min-h-0 flex-1' : 'pointer-events-none invisible absolute inset-0 -z-10'}
          aria-hidden={shown ? undefined : true}
        >
          <Suspense>
            <Chat
              domainKey={domainKey}
              dictation={dictation}
              threadId={id}
              onMounted={onMounted}
              onReady={onReady}
              onFailed={onFailed}
              onStreaming={setStreaming}
              handle={chat}
            />
          </Suspense>
        </div>
      )}
    </div>
  )
}
