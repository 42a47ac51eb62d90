import type { Viewer } from '../auth/viewer.ts'
import { Link } from './link.ts'
import type { Connection } from './mcp-client.ts'

/** Nobody needs a connection of their own for longer without a call. */
const idleMs = 5 * 60_000
const maxLinks = 500

/** Connections that belong to one user each: what they say of their user is true of every call over them. */
export class UserLinks {
  readonly #open: (viewer: Viewer, signal: AbortSignal) => Promise<Connection>
  /** The one that was used longest ago first. */
  readonly #links = new Map<string, { link: Link; timer: NodeJS.Timeout }>()

  constructor(open: (viewer: Viewer, signal: AbortSignal) => Promise<Connection>) {
    this.#open = open
  }

  of(viewer: Viewer): Link {
    const known = this.#links.get(viewer.id)
    if (known) {
      known.timer.refresh()
      this.#links.delete(viewer.id)
      this.#links.set(viewer.id, known)
      return known.link
    }
    const [oldest] = this.#links.keys()
    if (oldest !== undefined && this.#links.size >= maxLinks) void this.#end(oldest)
    const link = new Link((signal) => this.#open(viewer, signal))
    this.#links.set(viewer.id, { link, timer: setTimeout(() => void this.#end(viewer.id), idleMs).unref() })
    return link
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.keys()].map((id) => this.#end(id)))
  }

  async #end(id: string): Promise<void> {
    const known = this.#links.get(id)
    if (!known) return
    this.#links.delete(id)
    clearTimeout(known.timer)
    await known.link.close()
  }
}
