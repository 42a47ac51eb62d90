import { AsyncLocalStorage } from 'node:async_hooks'
import { AppError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { addressKey } from './client-address.ts'
import type { Rates } from './rates.ts'
import { Tries } from './tries.ts'
import type { Viewer } from './viewer.ts'

export type Admission = {
  /** Does the work as a request from this address. */
  from<T>(address: string | undefined, work: () => Promise<T>): Promise<T>
  /** Who is asking, counted. Throws as `authenticate` does, and RATE_LIMITED. */
  authenticate(request: Request): Promise<Viewer>
}

/** Counts by address what comes without a good credential, at all doors together. */
export const strangersOf = ({ anonymousRequestsPerMinute }: Pick<Limits, 'anonymousRequestsPerMinute'>) =>
  new Tries('anonymousRequestsPerMinute', anonymousRequestsPerMinute, 60_000)

/** Lets requests in at every door alike: so many a minute per credential, and without a good one so many per address. */
export function createAdmission(
  authenticate: (request: Request) => Promise<Viewer>,
  rates: Rates,
  strangers: Tries,
): Admission {
  const addresses = new AsyncLocalStorage<string | undefined>()
  return {
    from: (address, work) => addresses.run(address, work),
    async authenticate(request) {
      let viewer: Viewer
      try {
        viewer = await authenticate(request)
      } catch (error) {
        const address = addresses.getStore()
        if (error instanceof AppError && error.code === 'UNAUTHENTICATED' && address !== undefined)
          strangers.note(addressKey(address))
        throw error
      }
      await rates.take(viewer, 'requestsPerMinute')
      return viewer
    },
  }
}
