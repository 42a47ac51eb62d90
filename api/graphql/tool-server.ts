import type { ToolServer, ToolSpec } from '../tools/toolbox.ts'
import { builder } from './builder.ts'

const ToolServerStatus = builder.enumType('ToolServerStatus', {
  description: 'Whether the tools of a server can be used.',
  values: {
    CONNECTED: { description: 'Its tools are offered to the assistant.' },
    CONNECTING: { description: 'Being reached; its tools appear as soon as it answers.' },
    UNAVAILABLE: { description: 'It cannot be reached. It is tried again by itself.' },
  } as const,
})

const Tool = builder.objectRef<ToolSpec>('Tool').implement({
  description: 'Something that the assistant can do for you, offered by a tool server (MCP).',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'As its server names it.' }),
    server: t.exposeString('server', { description: 'The name of the server that offers it.' }),
    title: t.exposeString('title', { nullable: true, description: 'A name for people, when the server gives one.' }),
    description: t.string({
      nullable: true,
      description: 'What it does, in the words that the model reads.',
      resolve: (tool) => tool.description || null,
    }),
    inputSchema: t.field({
      type: 'JSON',
      description: 'What it must be given, as JSON Schema.',
      resolve: (tool) => tool.inputSchema,
    }),
    readOnly: t.exposeBoolean('readOnly', { description: 'It says of itself that it changes nothing.' }),
    idempotent: t.exposeBoolean('idempotent', {
      description:
        'It says of itself that a second call with the same arguments changes nothing more, or that it changes nothing at all: a call that was cut off is made again.',
    }),
    destructive: t.exposeBoolean('destructive', {
      description: 'It may destroy something: its server says so, or says nothing to the contrary.',
    }),
    needsApproval: t.exposeBoolean('needsApproval', { description: 'Whether a person is asked before it runs.' }),
  }),
})

const ToolServerType = builder.objectRef<ToolServer>('ToolServer').implement({
  description:
    'A source of tools (MCP server): one of the two that are built in, `tasks` and `conversations`, or one that the operator has added.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name that tool calls carry as `server`.' }),
    status: t.expose('status', { type: ToolServerStatus, description: 'Whether it can be used right now.' }),
    error: t.exposeString('error', { nullable: true, description: 'Why it cannot, in a sentence.' }),
    tools: t.expose('tools', { type: [Tool], description: 'What it offers.' }),
  }),
})

builder.queryField('toolServers', (t) =>
  t.field({
    description:
      'Where the assistant gets its tools from, each with its health: the built-in servers `tasks` and `conversations` first, then those of the operator’s mcp.json in its order.',
    type: [ToolServerType],
    nullable: true,
    resolve: (_, __, { toolboxes, viewer }) => toolboxes.servers(viewer),
  }),
)
