import { RemixBrowser } from '@remix-run/react'
import { setNonce } from 'get-nonce'
import { StrictMode, startTransition } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { NonceContext } from './nonce.tsx'

const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce || undefined
// The scroll lock of dialogs and menus adds a <style> element: without the nonce the policy would block it.
if (nonce) setNonce(nonce)

startTransition(() => {
  hydrateRoot(
    document,
    <StrictMode>
      <NonceContext.Provider value={nonce}>
        <RemixBrowser />
      </NonceContext.Provider>
    </StrictMode>,
  )
})
