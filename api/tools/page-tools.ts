import type { SchemaChecks } from './schema-checks.ts'
import { failed } from './tool-result.ts'
import type { Toolbox, ToolSpec } from './toolbox.ts'

/** Under this name stand the tools that the person's page answers, not a server. */
export const pageServer = 'page'

export type PageTool = 'open_tasks_page' | 'ask_person'

export const pageToolNames = ['open_tasks_page', 'ask_person'] as const satisfies PageTool[]

const harmless = { server: pageServer, readOnly: true, idempotent: true, destructive: false, needsApproval: false }

const specs: Record<PageTool, ToolSpec> = {
  open_tasks_page: {
    ...harmless,
    calledAs: 'open_tasks_page',
    name: 'open_tasks_page',
    title: 'Open the tasks page',
    description:
      "Opens the page with the person's tasks in their browser. Use it only when they ask to see or to go to that page. Call nothing else beside it.",
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
  },
  ask_person: {
    ...harmless,
    calledAs: 'ask_person',
    name: 'ask_person',
    title: 'Ask the person',
    description:
      'Asks the person one to five questions in a form. Use it when you cannot go on without an answer and can offer likely ones to choose from; else ask in words. Call nothing else beside it.',
    inputSchema: {
      type: 'object',
      properties: {
        questions: {
          type: 'array',
          minItems: 1,
          maxItems: 5,
          items: {
            type: 'object',
            properties: {
              question: { type: 'string', minLength: 1, maxLength: 500 },
              options: {
                type: 'array',
                minItems: 2,
                maxItems: 8,
                items: { type: 'string', minLength: 1, maxLength: 200 },
                description: 'Answers to choose from; left out, the person writes freely.',
              },
              multiple: { type: 'boolean', description: 'Whether several may be chosen.' },
            },
            required: ['question'],
            additionalProperties: false,
          },
        },
      },
      required: ['questions'],
      additionalProperties: false,
    },
  },
}

/** Whether the page answers calls of this tool: such a call ends its run, and the answer begins the next. */
export const isPageTool = ({ server }: { server: string }): boolean => server === pageServer

/**
 * The toolbox with tools of the page besides. Their arguments are checked like all others; calling one here is refused,
 * because the page answers one question at a time.
 */
export function withPageTools(toolbox: Toolbox, names: readonly string[], checkOf: SchemaChecks): Toolbox {
  const added = pageToolNames.filter((name) => names.includes(name)).map((name) => specs[name])
  if (added.length === 0) return toolbox
  const isAdded = (calledAs: string) =>
    added.find((spec) => spec.calledAs === calledAs && !toolbox.offered().some((it) => it.calledAs === calledAs))
  const check: Toolbox['check'] = (call) => {
    const spec = isAdded(call.calledAs)
    if (!spec) return toolbox.check(call)
    const problem = checkOf(spec.inputSchema)(parsed(call.argumentsText))
    return problem === null ? null : failed('TOOL_BAD_ARGUMENTS', `${call.calledAs} was not run: ${problem}.`)
  }
  return {
    offered: () => [...toolbox.offered(), ...added.filter(({ calledAs }) => isAdded(calledAs))],
    check,
    call: async (call, signal, onProgress) => {
      if (!isAdded(call.calledAs)) return toolbox.call(call, signal, onProgress)
      return check(call) ?? failed('TOOL_CANCELLED', 'The page is asked one thing at a time. Ask for this one again.')
    },
    subject: async (call) => (isAdded(call.calledAs) ? null : toolbox.subject(call)),
    close: () => toolbox.close(),
  }
}

function parsed(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    return text
  }
}
