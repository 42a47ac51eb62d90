import { createContext, useContext } from 'react'

/** The Content-Security-Policy nonce of this page: the same on the server and while hydrating. */
export const NonceContext = createContext<string | undefined>(undefined)

export const useNonce = () => useContext(NonceContext)
