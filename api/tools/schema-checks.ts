import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'

type JsonSchema = Record<string, unknown>

/** Says in words what is wrong with a value; null when it fits the schema. */
export type SchemaCheck = (value: unknown) => string | null

/** Formats are left to the tools; `ownProperties`, so that a member called "constructor" is there only when it was given. */
const options = {
  strict: false,
  allErrors: true,
  ownProperties: true,
  validateFormats: false,
  logger: false,
  inlineRefs: false,
} as const

/** A server that keeps changing its schemas must not fill the memory. */
const maxKept = 500

export type SchemaChecks = (schema: JsonSchema) => SchemaCheck

/**
 * Makes checks from JSON Schemas, each schema only once however often it is listed. References lead nowhere but into the
 * schema itself. The function throws for what is no schema. `within` runs all of the work, for schemas of strangers.
 */
export function createSchemaChecks(within: <T>(work: () => T) => T = (work) => work()): SchemaChecks {
  const kept = new Map<string, SchemaCheck>()
  return (schema) => {
    const text = JSON.stringify(schema)
    const check =
      kept.get(text) ??
      bounded(
        within,
        within(() => compile(schema)),
      )
    if (kept.size >= maxKept) kept.clear()
    kept.set(text, check)
    return check
  }
}

function bounded(within: <T>(work: () => T) => T, check: SchemaCheck): SchemaCheck {
  return (value) => {
    try {
      return within(() => check(value))
    } catch {
      return 'it could not be held against its schema in a moment'
    }
  }
}

function compile({ $schema, ...schema }: JsonSchema): SchemaCheck {
  // One instance each: they never forget a schema. Without a name the dialect is 2020-12, as MCP has it.
  const ajv = String($schema).includes('draft-07') ? new Ajv(options) : new Ajv2020(options)
  const validate = ajv.compile(schema)
  return (value) => (validate(value) ? null : [...new Set(validate.errors?.map(inWords))].slice(0, 5).join('; '))
}

function inWords({ instancePath, keyword, message, params }: ErrorObject): string {
  const at = instancePath.slice(1).replaceAll('/', '.')
  if (keyword === 'additionalProperties') return `${at && `${at} `}must not have "${params.additionalProperty}"`
  const allowed = keyword === 'enum' ? `: ${JSON.stringify(params.allowedValues)}` : ''
  return `${at && `${at} `}${message}${allowed}`
}
