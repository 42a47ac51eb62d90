import type { ChatToolCall } from '~/conversation-state.ts'

/** A question that the assistant asked in a form, with what the person said to it; null while nobody has, or for none. */
export type FormQuestion = { question: string; options: string[]; values: string[] | null }

/** The form that a call asks the person to fill in; null for every other call. */
export function formOf({ server, name, arguments: asked, result, status }: ChatToolCall): FormQuestion[] | null {
  if (server !== 'page' || name !== 'ask_person') return null
  const questions = listIn(asked, 'questions')
  const answers = status === 'SUCCEEDED' ? listIn(result, 'answers') : []
  return questions.flatMap((it, at) => {
    const question = textIn(it, 'question')
    const values = textsIn(answers[at], 'values')
    return question ? [{ question, options: textsIn(it, 'options'), values: values.length > 0 ? values : null }] : []
  })
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function listIn(value: unknown, name: string): unknown[] {
  const member = memberOf(value, name)
  return Array.isArray(member) ? member : []
}

const textsIn = (value: unknown, name: string): string[] =>
  listIn(value, name).filter((it): it is string => typeof it === 'string')

function textIn(value: unknown, name: string): string {
  const member = memberOf(value, name)
  return typeof member === 'string' ? member : ''
}
