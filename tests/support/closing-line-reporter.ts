import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends the output with the tests that passed only at a later try, and one plain line, `<n> passed, <n> failed`: what could
 * not even be loaded has failed too.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const failedTests = tests.filter((test) => test.result().state === 'failed').length
    const failedAround = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const failed = failedTests + failedAround.filter((it) => it.errors().length > 0).length + errors.length
    const unsteady = tests.filter((test) => test.diagnostic()?.flaky)
    const lines = unsteady.map((test) => `passed at a later try: ${test.module.relativeModuleId} > ${test.fullName}\n`)
    process.once('exit', () => process.stdout.write(`${lines.join('')}${passed} passed, ${failed} failed\n`))
  }
}
