/** Where a client finds this API: the address it used itself, or the operator's public endpoint. */
export interface LinkBase {
  /** Scheme and authority without a slash at the end, such as `http://host:8776`. */
  readonly root: string
  /** Cinder's links always name the caller's project, also where the request's path did not. */
  readonly project: string
}

export interface Link {
  readonly rel: string
  readonly href: string
}

export function linksTo(base: LinkBase, collection: string, id: string): readonly Link[] {
  const path = `${encodeURIComponent(base.project)}/${collection}/${id}`
  return [
    { rel: 'self', href: `${base.root}/v3/${path}` },
    { rel: 'bookmark', href: `${base.root}/${path}` },
  ]
}

/** The link to the page behind this one: the same query with another marker. */
export function nextLink(base: LinkBase, collection: string, query: Readonly<Record<string, string>>, marker: string): readonly Link[] {
  const parameters = Object.entries({ ...query, marker }).map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
  return [{ rel: 'next', href: `${base.root}/v3/${encodeURIComponent(base.project)}/${collection}?${parameters.join('&')}` }]
}
