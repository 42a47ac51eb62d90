import { RemixBrowser } from '@remix-run/react'
import { setNonce } from 'get-nonce'
import { StrictMode, startTransition } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { LanguageProvider, shownLanguage } from './language.tsx'
import { loadMessages } from './messages/catalogue.ts'
import { NonceContext } from './nonce.tsx'

const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce || undefined
// The scroll lock of dialogs and menus adds a <style> element: without the nonce the policy would block it.
if (nonce) setNonce(nonce)

const language = shownLanguage()
const root = (
  <StrictMode>
    <NonceContext.Provider value={nonce}>
      <LanguageProvider value={language}>
        <RemixBrowser />
      </LanguageProvider>
    </NonceContext.Provider>
  </StrictMode>
)
void loadMessages(language).then(() => startTransition(() => void hydrateRoot(document, root)))
