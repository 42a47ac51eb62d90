import { z } from 'zod'
import { readableArguments } from '../tools/tool-arguments.ts'
import type { ClientToolCallItem, StructuredInput, StructuredInputItem } from './protocol.ts'
import type { UsedTool } from './tool-task.ts'

type Inputs = Pick<StructuredInputItem, 'type' | 'status' | 'inputs'>
type ClientCall = Pick<ClientToolCallItem, 'type' | 'status' | 'call_id' | 'name' | 'arguments' | 'output'>

/** What a call is that the page answers: a form for the person, or work for the page itself. Null for one that was refused. */
export function pageItemOf(call: UsedTool, callId: string): Inputs | ClientCall | null {
  if (call.status !== 'PENDING' && call.status !== 'SUCCEEDED' && call.status !== 'CANCELLED') return null
  return call.name === 'ask_person' ? form(call) : clientCall(call, callId)
}

function clientCall(call: UsedTool, callId: string): ClientCall {
  const args = z.record(z.string(), z.unknown()).safeParse(readableArguments(call.argumentsText)).data ?? {}
  const said = { type: 'client_tool_call', call_id: callId, name: call.name, arguments: args } as const
  if (call.status === 'PENDING') return { ...said, status: 'pending' }
  const output = call.status === 'SUCCEEDED' ? parsed(call.resultText ?? '') : { cancelled: true }
  return { ...said, status: 'completed', output }
}

const questions = z.object({
  questions: z.array(
    z.object({ question: z.string(), options: z.array(z.string()).optional(), multiple: z.boolean().optional() }),
  ),
})

const answersShape = z.object({
  status: z.enum(['answered', 'skipped']),
  answers: z.array(z.object({ question: z.string(), values: z.array(z.string()), skipped: z.boolean() })),
})

export type Answers = z.output<typeof answersShape>

function form(call: UsedTool): Inputs | null {
  const asked = questions.safeParse(readableArguments(call.argumentsText)).data?.questions
  if (!asked) return null
  const said = call.status === 'SUCCEEDED' ? answersShape.safeParse(call.result).data : undefined
  const inputs = asked.map(({ question, options, multiple = false }, index): StructuredInput => {
    const { values, skipped } = said?.answers[index] ?? { values: [], skipped: true }
    return {
      ...(options
        ? {
            type: 'multiple_choice',
            id: `q${index + 1}`,
            question,
            options: options.map((value) => ({ value })),
            multiple,
          }
        : { type: 'freeform', id: `q${index + 1}`, question }),
      ...(call.status !== 'PENDING' && { answer: { values, skipped } }),
    }
  })
  const status = call.status === 'PENDING' ? 'pending' : (said?.status ?? 'skipped')
  return { type: 'structured_input', status, inputs }
}

/** What a person said to a form, as the tool's result: what is missing or empty was skipped; of one choice the first holds. */
export function answersTo(
  inputs: readonly StructuredInput[],
  submission: { status: 'answered' | 'skipped'; answers: Record<string, { values: string[]; skipped: boolean }> },
): Answers {
  const answers = inputs.map((input) => {
    const given = Object.hasOwn(submission.answers, input.id) ? submission.answers[input.id] : undefined
    const usable = submission.status === 'answered' && given && !given.skipped ? given.values : []
    const isOne = input.type === 'multiple_choice' && !input.multiple
    const values = isOne ? usable.slice(0, 1) : usable
    return { question: input.question, values, skipped: values.length === 0 }
  })
  return { status: submission.status, answers }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
