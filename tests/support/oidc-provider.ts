import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { cleanUp } from './cleaning.ts'

/** Somebody with an account there. */
export type Person = { sub: string; email?: string; email_verified?: boolean; name?: string; picture?: string }

export type OidcProvider = {
  issuer: string
  client: { id: string; secret: string }
  /** Who is signed in there: whom it will speak of. */
  person: Person
  /** Spoils the token that it gives out. */
  spoil: { claims?: JWTPayload; foreignKey?: boolean }
  /** Answers nothing but 503. */
  away: boolean
  /** How often it was asked how it works. */
  discoveries: number
}

type Grant = { person: Person; nonce: string | null; challenge: string | null; redirectUri: string }

/** A server of OpenID Connect that asks for what a strict one asks: secret, redirect address, PKCE; a code works once. */
export async function startOidcProvider(): Promise<OidcProvider> {
  const [own, foreign] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')])
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const grants = new Map<string, Grant>()
  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => server.close())
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: OidcProvider = {
    ...{ issuer, client: { id: 'parley', secret: 'a secret between the two' }, spoil: {}, away: false, discoveries: 0 },
    person: { sub: randomUUID() },
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer)
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (provider.away) return void json(503, {})
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        provider.discoveries++
        return void json(200, {
          ...{ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
          ...{ jwks_uri: `${issuer}/jwks`, id_token_signing_alg_values_supported: ['RS256'] },
        })
      case '/jwks':
        return void json(200, { keys: [jwk] })
      case '/authorize':
        return void response.writeHead(302, { location: authorized(url.searchParams) }).end()
      case '/token': {
        const form = new URLSearchParams(await text(request))
        const given = redeemed(form, request.headers.authorization)
        return void (given ? json(200, await tokensFor(given)) : json(400, { error: 'invalid_grant' }))
      }
      default:
        return void json(404, {})
    }
  }

  function authorized(asked: URLSearchParams): string {
    const code = randomUUID()
    const redirectUri = asked.get('redirect_uri') ?? ''
    grants.set(code, {
      ...{ person: provider.person, redirectUri },
      ...{ nonce: asked.get('nonce'), challenge: asked.get('code_challenge') },
    })
    const back = new URL(redirectUri)
    back.searchParams.set('code', code)
    back.searchParams.set('state', asked.get('state') ?? '')
    return back.href
  }

  function redeemed(form: URLSearchParams, authorization = ''): Grant | null {
    const { id, secret } = provider.client
    const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
    const isClient = authorization === basic || (form.get('client_id') === id && form.get('client_secret') === secret)
    const grant = grants.get(form.get('code') ?? '')
    grants.delete(form.get('code') ?? '')
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight = grant && grant.challenge === verifier && grant.redirectUri === form.get('redirect_uri')
    return isClient && isRight ? grant : null
  }

  async function tokensFor({ person, nonce }: Grant) {
    const { claims, foreignKey } = provider.spoil
    const idToken = await new SignJWT({ ...person, nonce, aud: provider.client.id, iss: issuer, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(foreignKey ? foreign.privateKey : own.privateKey)
    return { access_token: `access-${randomUUID()}`, token_type: 'Bearer', expires_in: 300, id_token: idToken }
  }

  return provider
}
