import { BlockList, isIP, isIPv4 } from 'node:net'

/** The address that a request comes from, for limits. */
export type ClientAddress = (socket: string | undefined, headers: Headers) => string | undefined

/**
 * It is the socket's, unless that is a proxy of the operator's: then it is the last address in `X-Forwarded-For` that is
 * none of theirs. What stands before it was written by the client. `trusted` are addresses and networks (`10.0.0.0/8`).
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  const proxies = new BlockList()
  for (const it of trusted) addTo(proxies, it)
  const isProxy = (address: string) => proxies.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  return (socket, headers) => {
    if (socket === undefined) return undefined
    let address = plain(socket)
    const hops = (headers.get('x-forwarded-for') ?? '').split(',').map((it) => plain(it.trim()))
    while (isIP(address) && isProxy(address)) {
      const before = hops.pop()
      if (!before || !isIP(before)) break
      address = before
    }
    return address
  }
}

function addTo(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/')
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (bits === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(bits), family)
}

/** IPv4 in the clothes of IPv6 is IPv4; a zone is of no interest. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')

/** By what an address is counted: of IPv6 by the /64, which is one customer's. */
export function addressKey(address: string): string {
  const it = plain(address)
  if (isIP(it) !== 6) return it
  const [head = '', tail] = it.toLowerCase().split('::')
  const [front, back] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean)) as [string[], string[]]
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  return [...front, ...zeros, ...back]
    .slice(0, 4)
    .map((it) => it.replace(/^0+(?=.)/, ''))
    .join(':')
}
