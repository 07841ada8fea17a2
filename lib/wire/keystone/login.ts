/** The body of `POST /v3/auth/tokens`, by which a user with a password gets a token for a project. */

/** As Keystone takes them: by id, or by name within a domain. */
export type KeystoneName =
  | { readonly id: string }
  | { readonly name: string; readonly domain: { readonly id: string } | { readonly name: string } }

export interface PasswordLogin {
  readonly user: KeystoneName
  readonly password: string
  readonly project: KeystoneName
}

export function loginBody({ user, password, project }: PasswordLogin): object {
  return {
    auth: {
      identity: { methods: ['password'], password: { user: { ...user, password } } },
      scope: { project },
    },
  }
}

/** Its project is its own. */
export function credentialBody(id: string, secret: string): object {
  return { auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } } }
}

/** What Keystone's paths are below: with or without `/v3` and a slash at its end, as operators write it. */
export function keystoneRoot(url: string): string {
  const bare = url.replace(/\/+$/, '')
  return bare.endsWith('/v3') ? bare : `${bare}/v3`
}
