const source = 'https://cdn.platform.openai.com/deployments/chatkit/chatkit.js'
const tag = 'openai-chatkit'

/** Why ChatKit is not there. */
export type ChatKitFailure = 'script-error' | 'not-defined' | 'timeout' | 'not-ready' | 'frame-error'

let loading: Promise<'defined' | ChatKitFailure> | null = null

/**
 * Loads ChatKit's script, once however often it is asked for; after a failure the next call tries again. Never rejects.
 * Called from an effect only: in the server's HTML its error event could come before anybody listens.
 */
export function loadChatKit(giveUpAfterMs = 5_000): Promise<'defined' | ChatKitFailure> {
  loading ??= inject(giveUpAfterMs).then((outcome) => {
    if (outcome !== 'defined') loading = null
    return outcome
  })
  return loading
}

function inject(giveUpAfterMs: number): Promise<'defined' | ChatKitFailure> {
  if (customElements.get(tag)) return Promise.resolve('defined')
  return new Promise((resolve) => {
    const script = Object.assign(document.createElement('script'), { src: source, async: true })
    const done = (outcome: 'defined' | ChatKitFailure) => {
      clearTimeout(timer)
      if (outcome !== 'defined') script.remove()
      resolve(outcome)
    }
    const timer = setTimeout(() => done('timeout'), giveUpAfterMs)
    script.onerror = () => done('script-error')
    // A gate page may answer 200 with HTML: then the script "loads" and nothing is defined.
    script.onload = () => setTimeout(() => customElements.get(tag) || done('not-defined'), 1500)
    void customElements.whenDefined(tag).then(() => done('defined'))
    document.head.append(script)
  })
}
