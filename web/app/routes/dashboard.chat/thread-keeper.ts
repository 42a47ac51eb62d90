/** What is asked of ChatKit, and what it is told about itself. */
export type KeptChat = {
  setThreadId: (id: string | null) => Promise<void> | undefined
  fetchUpdates: () => Promise<void> | undefined
  /** A response that breaks off about now breaks off because the thread is changed. */
  leaving: () => void
  /** From now on nothing is read of a thread, and what is being read is broken off. */
  stopReading: () => void
  /** Reading is allowed again. Gives whether something was not read because of that. */
  allowReading: () => boolean
  /** The person began a conversation inside ChatKit; nobody knew this id before. */
  created: (id: string) => void
}

const patienceMs = 5000
const triesAtMost = 3

/**
 * Keeps ChatKit on the thread of the address. ChatKit answers late and in any order: a thread that it reads again may come
 * back after the person has gone on. So commands run one at a time, and whatever ChatKit says that it shows is compared
 * with the address until both agree. The only change that comes from ChatKit itself is a conversation begun there.
 * A command that is not answered within five seconds holds nothing up; one that is refused is tried again, twice at most.
 * A thread that is read replaces what ChatKit shows, also an answer that is just being told: nothing is read meanwhile.
 */
export function createThreadKeeper(first: string | null, chat: KeptChat) {
  const known = new Set([first])
  let state: 'starting' | 'idle' | 'busy' | 'closed' = 'starting'
  let wanted = first
  let shown = first
  let heard = false
  let refused = false
  let responding = false
  let moves = triesAtMost
  let refreshes = 0

  /** Anything may have changed: gives what commands are due. */
  async function settle() {
    refused = false
    if (state !== 'idle') return
    state = 'busy'
    for (let command = due(); command; command = due()) await command()
    if (state === 'busy') state = 'idle'
  }

  function due(): (() => Promise<void>) | null {
    if (state !== 'busy' || refused) return null
    if (shown !== wanted) return moves > 0 ? move : null
    return refreshes > 0 && wanted !== null && !responding ? reread : null
  }

  async function move() {
    const goal = wanted
    moves -= 1
    heard = false
    chat.leaving()
    chat.allowReading()
    const outcome = await answered(() => chat.setThreadId(goal))
    chat.leaving()
    if (outcome === 'refused') refused = wanted === goal
    else if (!heard) shown = goal
  }

  async function reread() {
    const left = refreshes - 1
    refreshes = 0
    if ((await answered(chat.fetchUpdates)) !== 'refused') return
    refreshes = Math.max(refreshes, left)
    refused = shown === wanted
  }

  return {
    /** ChatKit listens from now on. */
    ready() {
      state = 'idle'
      void settle()
    },
    /** The address is another one, or the same once more. */
    go(id: string | null) {
      known.add(id)
      wanted = id
      moves = triesAtMost
      void settle()
    },
    /** The thread is to be read again: something happened that ChatKit did not hear of. */
    refresh() {
      refreshes = triesAtMost
      void settle()
    },
    /** ChatKit says which thread it shows. */
    changed(id: string | null) {
      heard = true
      if (id === shown && id === wanted) return
      shown = id
      if (!known.has(id) && id !== null) {
        known.add(id)
        if (wanted === null) {
          wanted = id
          return chat.created(id)
        }
      }
      chat.leaving()
      void settle()
    },
    /** An answer begins, or has ended: what was not read because of it is read then. */
    responds(now: boolean) {
      responding = now
      if (now) chat.stopReading()
      else if (chat.allowReading()) refreshes = triesAtMost
      void settle()
    },
    /** ChatKit has ended something, so what it refused before it may take now. */
    calm() {
      void settle()
    },
    close() {
      state = 'closed'
    },
  }
}

async function answered(command: () => Promise<void> | undefined): Promise<'done' | 'refused' | 'silent'> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silent = new Promise<'silent'>((resolve) => {
    timer = setTimeout(() => resolve('silent'), patienceMs)
  })
  const run = async () => {
    try {
      await command()
      return 'done' as const
    } catch {
      return 'refused' as const
    }
  }
  const outcome = await Promise.race([run(), silent])
  clearTimeout(timer)
  return outcome
}
