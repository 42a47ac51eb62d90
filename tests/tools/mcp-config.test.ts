import { describe, expect, test } from 'vitest'
import { readMcpConfig } from '../../api/tools/mcp-config.ts'
import { mcpFile } from '../support/tool-boxes.ts'

const variables = {
  TOKEN: 's3cret',
  HOST: 'tools.example',
  EMPTY: '',
  PATH: '/bin',
  HOME: '/home/ada',
  OPENAI_API_KEY: 'k',
}

/** As the file has it. */
const variable = (name: string) => `$\{${name}}`

const read = (mcpServers: Record<string, unknown>) =>
  readMcpConfig({ file: mcpFile({ mcpServers }), required: true, variables }, ['tasks'])

/** What is wrong with one server, without the name of the file. */
function faults(server: unknown, name = 'one'): string[] {
  try {
    read({ [name]: server })
    return []
  } catch (error) {
    return String(error)
      .split('\n')
      .slice(1, -1)
      .map((it) => it.trim().replace(`mcpServers.${name}`, ''))
  }
}

describe('a file of tool servers', () => {
  test('names children and addresses', () => {
    const servers = read({
      files: { command: 'npx', args: ['-y', 'server-files', '/srv'], env: { MODE: 'fast' }, cwd: '/srv' },
      crm: {
        type: 'http',
        url: 'https://crm.example/mcp',
        headers: { 'x-team': 'red' },
        needsApproval: { wipe: 'always', '*': 'never' },
        userHeader: { name: 'authorization', value: 'token' },
      },
    })
    expect(servers).toEqual([
      {
        ...{ name: 'files', kind: 'child', command: 'npx', args: ['-y', 'server-files', '/srv'], cwd: '/srv' },
        env: { PATH: '/bin', HOME: '/home/ada', MODE: 'fast' },
        needsApproval: { '*': 'destructive' },
      },
      {
        ...{ name: 'crm', kind: 'http', url: 'https://crm.example/mcp', headers: { 'x-team': 'red' } },
        userHeader: { name: 'authorization', value: 'token', audience: 'https://crm.example/mcp' },
        needsApproval: { wipe: 'always', '*': 'never' },
      },
    ])
  })

  test('takes variables from the environment, in every text', () => {
    const [web, local] = read({
      web: { url: `https://${variable('HOST')}/mcp`, headers: { authorization: `Bearer ${variable('TOKEN')}` } },
      local: {
        command: `run-${variable('HOST')}`,
        args: [`${variable('TOKEN')}`, `${variable('NONE:-else')}`, `${variable('EMPTY:-')}`],
        env: { KEY: `${variable('TOKEN')}` },
      },
    })
    expect(web).toMatchObject({ url: 'https://tools.example/mcp', headers: { authorization: 'Bearer s3cret' } })
    expect(local).toMatchObject({ command: 'run-tools.example', args: ['s3cret', 'else', ''], env: { KEY: 's3cret' } })
  })

  test('gives a child nothing of our environment but what every program needs', () => {
    const [local] = read({ local: { command: 'run' } })
    expect(local).toMatchObject({ env: { PATH: '/bin', HOME: '/home/ada' } })
    expect(JSON.stringify(local)).not.toContain('OPENAI')
  })

  test('may switch a server off, whatever it needs', () => {
    expect(
      read({ off: { url: `https://${variable('NOT_SET')}/`, disabled: true }, on: { command: 'run' } }),
    ).toMatchObject([{ name: 'on' }])
  })

  test.each([
    [{}, ': needs either command or url'],
    [{ command: 'run', url: 'https://a.example' }, ': needs either command or url'],
    ['run', ': is no object'],
    [{ command: '' }, '.command: is empty'],
    [{ command: 'run', args: 'x' }, '.args: Invalid input: expected array, received string'],
    [{ command: 'run', url_: 'x' }, ': Unrecognized key: "url_"'],
    [{ url: 'ftp://a.example' }, '.url: is no http or https address'],
    [{ url: 'https://me:secret@a.example' }, '.url: must not hold a password: use headers'],
    [{ url: 'https://a.example', headers: { 'no header': 'x' } }, '.headers: are not all headers of HTTP'],
    [{ url: 'https://a.example', headers: { a: 'x\ny' } }, '.headers: are not all headers of HTTP'],
    [{ type: 'sse', url: 'https://a.example' }, '.type: sse is no longer spoken; use the Streamable HTTP address'],
    [{ url: `https://${variable('NOT_SET')}/` }, '.url: the variable NOT_SET is not set'],
    [{ command: 'run', args: ['ok', `${variable('NOT_SET')}`] }, '.args.1: the variable NOT_SET is not set'],
    [{ url: 'https://a.example', userHeader: { name: 'x', value: 'session' } }, '.userHeader.value: Invalid option'],
    [{ command: 'run', needsApproval: 'sometimes' }, '.needsApproval: is neither always, never or destructive'],
  ])('%j is refused: %s', (server, fault) => {
    expect(faults(server)).toEqual([expect.stringContaining(fault)])
  })

  test.each(['', ' one', 'a/b', 'süß', 'x'.repeat(41), '__proto__'])('a server cannot be named %j', (name) => {
    const file = mcpFile(`{"mcpServers":{${JSON.stringify(name)}:{"command":"run"}}}`)
    expect(() => readMcpConfig({ file, required: true, variables })).toThrow(`mcpServers.${name}: a name has`)
  })

  test('a server cannot be named as one of ours', () => {
    expect(faults({ command: 'run' }, 'tasks')).toEqual([': is the name of a built-in server'])
  })

  test('all faults are told at once, by name', () => {
    expect(() =>
      read({ one: { url: 'nowhere' }, two: {}, good: { command: 'run' }, 'thr/ee': { command: 'run' } }),
    ).toThrow(
      /The tool servers of .*mcp\.json are not usable:\n {2}mcpServers\.one\.url: .*\n {2}mcpServers\.two: .*\n {2}mcpServers\.thr\/ee: .*\n$/,
    )
  })

  test.each([
    ['{', 'it is not JSON'],
    ['[]', 'it has no object "mcpServers"'],
    ['{"servers":{}}', 'it has no object "mcpServers"'],
  ])('%s is no such file', (content, fault) => {
    expect(() => readMcpConfig({ file: mcpFile(content), required: true, variables })).toThrow(fault)
  })

  test('need not be there, unless it was asked for', () => {
    const file = `${mcpFile('')}.missing`
    expect(readMcpConfig({ file, required: false, variables })).toEqual([])
    expect(() => readMcpConfig({ file, required: true, variables })).toThrow('it is not there')
    expect(readMcpConfig({ file: '', required: false, variables })).toEqual([])
  })
})
