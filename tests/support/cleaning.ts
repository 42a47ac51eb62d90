import { afterAll, onTestFinished } from 'vitest'

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
