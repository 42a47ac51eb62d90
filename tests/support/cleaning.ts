import { afterAll, onTestFailed, onTestFinished } from 'vitest'

type Clean = () => unknown

const afterFile: Clean[] = []

afterAll(async () => {
  for (const clean of afterFile.reverse()) await clean()
})

/** When the test file ends, latest first. */
export function cleanUpAfterFile(clean: Clean): void {
  afterFile.push(clean)
}

/** When the running test ends; outside of one (in `beforeAll`, say) when the file ends. */
export function cleanUp(clean: Clean): void {
  try {
    onTestFinished(async () => void (await clean()))
  } catch {
    cleanUpAfterFile(clean)
  }
}

/** When the running test fails, for what helps to see why. Outside of a test nothing happens. */
export function ifItFails(tell: () => void): void {
  try {
    onTestFailed(tell)
  } catch {
    // There is no test that could fail.
  }
}
