import { expect, test } from 'vitest'
import { createTimeBox } from '../../api/tools/time-box.ts'

const forEver = () => {
  for (;;);
}
/** Time passes, and somebody else has the processor. */
const sleeps = (milliseconds: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

test('what never ends is broken off, and what comes next is done', () => {
  const within = createTimeBox(50)
  expect(() => within(forEver)).toThrow('timed out')
  expect(within(() => 7)).toBe(7)
})

test('what fails by itself is done once', () => {
  let times = 0
  const within = createTimeBox(50)
  const fails = () => {
    times++
    throw new RangeError('no')
  }
  expect(() => within(fails)).toThrow('no')
  expect(times).toBe(1)
})

test('on a busy machine honest work is not the one to suffer', () => {
  let times = 0
  const within = createTimeBox(50)
  const work = () => {
    if (++times < 2) sleeps(120)
    return 'done'
  }
  expect(within(work)).toBe('done')
  expect(times).toBe(2)
  expect(() => within(() => sleeps(120) && forEver())).toThrow('timed out')
})
