/** What lets people in, whoever got it: passwords of the tests, keys, tokens, cookies, the key of the provider. */
const forms = [
  /correct horse/,
  /another horse/,
  /parley_[\w-]{40}/,
  /eyJ[\w-]+\.eyJ[\w-]+\./,
  /session_token=/,
  /sk-test/,
]

const credentials = new Set<string>()
const messages = new Set<string>()

/** Somebody was given this: from now on it must be in nothing that a server writes. */
export function isSecret(credential: string): void {
  if (credential.length >= 20) credentials.add(credential)
}

/** Somebody said this. A few common words may be anybody's. */
export function isPrivate(message: string): void {
  if (message.length >= 20) messages.add(message)
}

/** Throws, with all of it, when what was written holds something that lets people in. */
export function expectNoSecrets(written: string): void {
  const leaks = [
    ...forms.filter((it) => it.test(written)).map(String),
    ...[...credentials].filter((it) => written.includes(it)).map((it) => `${it.slice(0, 8)}…`),
  ]
  if (leaks.length > 0) throw new Error(`A server wrote what lets people in (${leaks.join(', ')}):\n${written}`)
}

/** The same for what people said. */
export function expectNoMessages(written: string): void {
  const told = [...messages].filter((it) => written.includes(it)).map((it) => JSON.stringify(it.slice(0, 40)))
  if (told.length > 0) throw new Error(`A server wrote what people said (${told.join(', ')}):\n${written}`)
}
