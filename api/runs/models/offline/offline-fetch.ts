export function createOfflineFetch(): typeof fetch {
  return () => Promise.reject(new Error('not yet'))
}
