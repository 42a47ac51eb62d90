import type { Reporter, TestModule } from 'vitest/node'

/** Ends the output with one plain line, `<n> passed, <n> failed`: what could not even be loaded has failed too. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === 'passed').length
    const failedTests = tests.filter((test) => test.result().state === 'failed').length
    const failedAround = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const failed = failedTests + failedAround.filter((it) => it.errors().length > 0).length + errors.length
    process.once('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`))
  }
}
