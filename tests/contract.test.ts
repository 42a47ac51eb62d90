import { globSync, readFileSync } from 'node:fs'
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isSpecifiedScalarType,
  isUnionType,
  Kind,
  parse,
  print,
  validate,
  visit,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { printedSchema } from '../api/graphql/print-schema.ts'
import { schema } from '../api/graphql/schema.ts'

/** What the contract promises and the API does not have yet. This list only ever shrinks. */
const stillToCome: string[] = []

const contract = buildSchema(readFileSync('tests/support/contract.graphql', 'utf8'))

describe('the schema', () => {
  test('holds all of the contract but what is still to come', () => {
    expect(named(contract.getTypeMap()).flatMap(missingOf).sort()).toEqual(stillToCome)
  })

  test('says the same wherever the contract says something', () => {
    expect(named(contract.getTypeMap()).flatMap(differencesOf)).toEqual([])
  })

  test('asks for nothing more than the contract', () => {
    expect(named(contract.getTypeMap()).flatMap(demandsBeyond)).toEqual([])
  })

  test('is the committed one: npm run schema', () => {
    expect(readFileSync('schema/schema.graphql', 'utf8')).toBe(printedSchema())
  })

  test('explains every type, field, argument and value', () => {
    const silent: string[] = []
    visit(parse(printedSchema()), {
      enter(node, _, __, ___, ancestors) {
        if (!('description' in node) || node.description?.value || node.kind === Kind.SCHEMA_DEFINITION) return
        silent.push(
          [...ancestors.flatMap((it) => ('name' in it && it.name ? [it.name.value] : [])), print(node)].join('.'),
        )
      },
    })
    expect(silent).toEqual([])
  })
})

describe('the documents to copy', () => {
  const files = globSync('schema/operations/*.graphql').sort()
  const sources = files.map((file) => ({ file, document: parse(readFileSync(file, 'utf8')) }))

  test('are there, each operation under a name of its own', () => {
    const names = sources.flatMap(({ document }) =>
      document.definitions.map((it) => (it.kind === Kind.OPERATION_DEFINITION ? it.name?.value : it.kind)),
    )
    expect(names.length).toBeGreaterThan(10)
    expect(names).toEqual([...new Set(names)])
  })

  test.each(sources)('$file is valid', ({ document }) => {
    expect(validate(schema, document).map((it) => it.message)).toEqual([])
  })
})

function named(types: Record<string, GraphQLNamedType>): GraphQLNamedType[] {
  return Object.values(types).filter((it) => !isIntrospectionType(it) && !isSpecifiedScalarType(it))
}

type Member = GraphQLField<unknown, unknown> | GraphQLInputField | GraphQLArgument

/** Names of fields, arguments, values, interfaces and members, each with what the contract fixes of it. */
function partsOf(type: GraphQLNamedType | undefined): Map<string, string> {
  const parts = new Map<string, string>()
  if (isUnionType(type)) for (const member of type.getTypes()) parts.set(`| ${member.name}`, '')
  if (isEnumType(type)) for (const value of type.getValues()) parts.set(value.name, '')
  if (isObjectType(type) || isInterfaceType(type)) for (const it of type.getInterfaces()) parts.set(`& ${it.name}`, '')
  for (const field of fieldsOf(type)) {
    parts.set(field.name, signature(field))
    for (const argument of argumentsOf(field)) parts.set(`${field.name}(${argument.name}:)`, signature(argument))
  }
  return parts
}

function fieldsOf(type: GraphQLNamedType | undefined): Member[] {
  return isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : []
}

const argumentsOf = (field: Member): readonly GraphQLArgument[] => ('args' in field ? field.args : [])

/** Type and default value as they would be printed. */
function signature(member: Member): string {
  const node = member.astNode
  const standard = node && 'defaultValue' in node && node.defaultValue ? ` = ${print(node.defaultValue)}` : ''
  return `${String(member.type)}${standard}`
}

/** The schema as its readers get it: from the printed text. */
const printed = buildSchema(printedSchema())

function missingOf(wanted: GraphQLNamedType): string[] {
  const found = printed.getType(wanted.name)
  if (!found) return [wanted.name]
  const parts = partsOf(found)
  return [...partsOf(wanted).keys()]
    .filter((name) => !parts.has(name))
    .map((name) => `${wanted.name}.${name}`)
    .filter((name, _, all) => !all.some((other) => name.startsWith(`${other}(`)))
}

function differencesOf(wanted: GraphQLNamedType): string[] {
  const found = printed.getType(wanted.name)
  if (!found) return []
  if (found.constructor !== wanted.constructor) return [`${wanted.name} is a ${found.constructor.name}`]
  const parts = partsOf(found)
  return [...partsOf(wanted)]
    .filter(([name, sign]) => parts.has(name) && parts.get(name) !== sign)
    .map(([name, sign]) => `${wanted.name}.${name} is ${parts.get(name)}, not ${sign}`)
}

/** Additions that a client of the contract could not know it has to give. */
function demandsBeyond(wanted: GraphQLNamedType): string[] {
  const known = partsOf(wanted)
  return fieldsOf(printed.getType(wanted.name)).flatMap((field) => {
    const needed = argumentsOf(field).filter(isRequiredArgument)
    const names = needed.map((argument) => `${field.name}(${argument.name}:)`)
    const input = isInputObjectType(wanted) && isRequiredInputField(field as GraphQLInputField) ? [field.name] : []
    return [...(known.has(field.name) ? names : []), ...input]
      .filter((name) => !known.has(name))
      .map((name) => `${wanted.name}.${name}`)
  })
}
