import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { cleanUp } from './cleaning.ts'

export type Line = {
  url: string
  /** Cuts every connection that goes over it now, in the middle of whatever was on its way. Gives how many those were. */
  cut(how: 'reset' | 'end'): number
}

/** A line of TCP to a server, to be cut. */
export async function startLine(target: string): Promise<Line> {
  const { port } = new URL(target)
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1')
    open.add(near)
    near.pipe(far)
    far.pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy())
      one.once('close', () => {
        open.delete(near)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut: Line['cut'] = (how) => {
    const cut = [...open]
    for (const socket of cut) how === 'reset' ? socket.resetAndDestroy() : socket.destroy()
    return cut.length
  }
  cleanUp(async () => {
    const closed = once(server, 'close')
    server.close()
    cut('end')
    await closed
  })
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, cut }
}
