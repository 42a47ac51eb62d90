/** An account elsewhere with which people may sign in here. */
export type Client = { id: string; secret: string }

export type ProviderSettings = {
  github: Client | undefined
  google: Client | undefined
  /** Any other server that speaks OpenID Connect, with the words for its button. */
  oidc: (Client & { issuer: string; name: string }) | undefined
}

export const noProviders: ProviderSettings = { github: undefined, google: undefined, oidc: undefined }

/** Those that are configured, for the buttons of the pages. */
export function offered({ github, google, oidc }: ProviderSettings): { id: string; name: string }[] {
  return [
    ...(github ? [{ id: 'github', name: 'GitHub' }] : []),
    ...(google ? [{ id: 'google', name: 'Google' }] : []),
    ...(oidc ? [{ id: 'oidc', name: oidc.name }] : []),
  ]
}

/** The two that Better Auth knows by itself. */
export function wellKnown({ github, google }: ProviderSettings) {
  return {
    ...(github && { github: { clientId: github.id, clientSecret: github.secret, mapProfileToUser } }),
    ...(google && { google: { clientId: google.id, clientSecret: google.secret, mapProfileToUser } }),
  }
}

/** The one that says at its issuer's well-known address how it works. Who somebody is it must say in a signed token. */
export function discovered({ oidc }: ProviderSettings) {
  if (!oidc) return []
  const { issuer, id, secret, name } = oidc
  return [
    {
      ...{ providerId: 'oidc', name, clientId: id, clientSecret: secret, mapProfileToUser },
      discoveryUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      requireIdTokenVerification: true,
      scopes: ['openid', 'email', 'profile'],
    },
  ]
}

type Profile = { [name: string]: unknown }

/** Whoever has no name there is called by the first half of their address. Pictures of other hosts are not shown here. */
function mapProfileToUser(profile: object): { name: string; image: undefined } {
  const { name, login, preferred_username, email } = profile as Profile
  const names = [name, login, preferred_username, typeof email === 'string' ? email.split('@')[0] : null]
  const found = names.map(cleaned).find(Boolean)
  return { name: found ?? 'You', image: undefined }
}

const cleaned = (name: unknown) =>
  typeof name === 'string' ? name.toWellFormed().replaceAll('\0', '').trim().slice(0, 100).trim() : ''
