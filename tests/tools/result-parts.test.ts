import { describe, expect, test } from 'vitest'
import { partsOf } from '../../api/tools/result-parts.ts'

const mebibyte = 1_048_576

/** The head of an image of this size; what would follow is not looked at. */
const heads = {
  'image/png'(width: number, height: number) {
    const bytes = Buffer.alloc(33)
    bytes.write('\x89PNG\r\n\x1a\n', 'latin1')
    bytes.writeUInt32BE(width, 16)
    bytes.writeUInt32BE(height, 20)
    return bytes
  },
  'image/gif'(width: number, height: number) {
    const bytes = Buffer.from('GIF89a....', 'latin1')
    bytes.writeUInt16LE(width, 6)
    bytes.writeUInt16LE(height, 8)
    return bytes
  },
  'image/webp'(width: number, height: number) {
    const bytes = Buffer.from(`RIFF....WEBPVP8X${'\0'.repeat(14)}`, 'latin1')
    bytes.writeUIntLE(width - 1, 24, 3)
    bytes.writeUIntLE(height - 1, 27, 3)
    return bytes
  },
  'image/jpeg'(width: number, height: number) {
    const comment = [0xff, 0xfe, 0, 4, 1, 2]
    const frame = [0xff, 0xc2, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255]
    return Buffer.from([0xff, 0xd8, ...comment, ...frame, ...Array(10).fill(0)])
  },
}

const image = (bytes: Buffer, mimeType = 'image/png') => ({ type: 'image', mimeType, data: bytes.toString('base64') })
const nothing = { title: null, uri: null, mimeType: null, bytes: null }

describe.each(Object.entries(heads))('an image of type %s', (mimeType, head) => {
  test('is kept, whatever type its server gives it', () => {
    for (const said of [mimeType, 'image/svg+xml', 'text/html']) {
      const given = image(head(640, 480), said)
      expect(partsOf([given], mebibyte)).toEqual([
        { ...nothing, kind: 'IMAGE', mimeType, bytes: head(1, 1).length, data: given.data },
      ])
    }
  })

  test('is named only, when a browser would need too much to show it', () => {
    const [most, more] = partsOf([image(head(5_000, 5_000)), image(head(5_001, 5_000))], mebibyte)
    expect([most?.data !== undefined, more?.data]).toEqual([true, undefined])
  })
})

test.each([
  ['a drawing that can hold a script', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
  ['a page', Buffer.from('<html><script>alert(1)</script>')],
  ['nothing', Buffer.alloc(0)],
  ['a head that ends too soon', heads['image/png'](1, 1).subarray(0, 18)],
  ['a picture without a size', heads['image/gif'](0, 0)],
  ['a JPEG that has no frame', Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 0, 1, 2, 3, 4])],
])('%s is named only', (_, bytes) => {
  expect(partsOf([image(bytes)], mebibyte)).toEqual([
    { ...nothing, kind: 'IMAGE', mimeType: 'image/png', bytes: bytes.length },
  ])
})

test('images are kept as long as they have room together', () => {
  const one = image(heads['image/png'](1, 1))
  const kept = (room: number) => partsOf([one, one, one], room).filter((it) => it.data !== undefined).length
  expect([0, 1, 2, 3].map((count) => kept(one.data.length * count))).toEqual([0, 1, 2, 3])
  expect(kept(one.data.length * 2 - 1)).toBe(1)
})

test('what is no image is named, and its address is text', () => {
  const content = [
    { type: 'text', text: 'Look' },
    { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' },
    { type: 'resource_link', name: 'page', title: 'A p\0age', uri: 'javascript:alert(1)', description: 'x' },
    { type: 'resource', resource: { uri: 'file:///notes.txt', mimeType: 'text/plain', text: 'inside' } },
    { type: 'resource', resource: { uri: 'file:///x.zip', mimeType: 'application/zip', blob: 'AAAAAA==' } },
    {
      type: 'resource',
      resource: { uri: 'file:///x.png', mimeType: 'image/png', blob: image(heads['image/png'](1, 1)).data },
    },
  ]
  expect(partsOf(content, mebibyte)).toEqual([
    { ...nothing, kind: 'AUDIO', mimeType: 'audio/wav', bytes: 3 },
    { ...nothing, kind: 'LINK', title: 'A page', uri: 'javascript:alert(1)' },
    { ...nothing, kind: 'FILE', uri: 'file:///notes.txt', mimeType: 'text/plain' },
    { ...nothing, kind: 'FILE', uri: 'file:///x.zip', mimeType: 'application/zip', bytes: 4 },
    { ...nothing, kind: 'IMAGE', uri: 'file:///x.png', mimeType: 'image/png', bytes: 33, data: expect.any(String) },
  ])
})

test('twenty parts are enough, and no name is endless', () => {
  const link = { type: 'resource_link', name: 'n'.repeat(9_999), uri: `https://x.test/${'u'.repeat(9_999)}` }
  const parts = partsOf(Array(21).fill(link), mebibyte)
  expect(parts).toHaveLength(20)
  expect([parts[0]?.title?.length, parts[0]?.uri?.length]).toEqual([200, 2_000])
})
