/** What a page's server code is given with each request. */
export type WebContext = {
  /** Answers a request to the API, wherever that runs: same paths, same cookies. */
  api: (request: Request) => Promise<Response>
  /** The key that ChatKit checks against the page's host. */
  chatkitDomainKey: string
}

declare module '@remix-run/server-runtime' {
  interface AppLoadContext extends WebContext {
    /** Marks the scripts of this one response for the Content-Security-Policy. */
    nonce: string
  }
}
