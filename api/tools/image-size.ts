/** Width times height of an image, read from its head; null when the head does not tell. Nothing is decoded. */
export function pixelsOf(bytes: Uint8Array): number | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const [width, height] = sizeOf(view) ?? []
    return width && height ? width * height : null
  } catch {
    return null // it ends in the middle of its head
  }
}

function sizeOf(image: Buffer): readonly [number, number] | null {
  if (image.readUInt32BE(0) === 0x89504e47) return [image.readUInt32BE(16), image.readUInt32BE(20)]
  if (image.toString('latin1', 0, 3) === 'GIF') return [image.readUInt16LE(6), image.readUInt16LE(8)]
  if (image.toString('latin1', 8, 12) === 'WEBP') return webpSize(image)
  return image.readUInt16BE(0) === 0xffd8 ? jpegSize(image) : null
}

function webpSize(image: Buffer): readonly [number, number] | null {
  switch (image.toString('latin1', 12, 16)) {
    case 'VP8X':
      return [image.readUIntLE(24, 3) + 1, image.readUIntLE(27, 3) + 1]
    case 'VP8L': {
      const bits = image.readUInt32LE(21)
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1]
    }
    case 'VP8 ':
      return [image.readUInt16LE(26) & 0x3fff, image.readUInt16LE(28) & 0x3fff]
    default:
      return null
  }
}

/** Goes from one segment to the next, up to the one that describes the frame. */
function jpegSize(image: Buffer): readonly [number, number] | null {
  for (let at = 2; ; at += 2 + image.readUInt16BE(at + 2)) {
    if (image.readUInt8(at) !== 0xff) return null
    const marker = image.readUInt8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return [image.readUInt16BE(at + 7), image.readUInt16BE(at + 5)]
  }
}
