/**
 * One address for a cluster, as a load balancer gives it: each request goes to another peer, drawn from a fixed seed, so
 * that whatever a client does in several steps is done by several peers.
 */
import { createServer, request as httpRequest } from 'node:http'

export interface AnyPeer {
  readonly url: string
  /** How many requests each peer got. */
  readonly counts: ReadonlyMap<string, number>
  stop(): Promise<void>
}

/** @param urls asked for at each request: a cluster's addresses may come later */
export async function startAnyPeer(urls: () => readonly string[]): Promise<AnyPeer> {
  const counts = new Map<string, number>()
  let state = 0x9e3779b9
  const draw = (): string => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const all = urls()
    return all[(state >>> 16) % all.length] ?? ''
  }
  const server = createServer((incoming, answer) => {
    const peer = draw()
    counts.set(peer, (counts.get(peer) ?? 0) + 1)
    const { method, headers, url = '/' } = incoming
    const passed = httpRequest(peer + url, { method, headers, agent: false }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    passed.once('error', () => answer.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  return {
    url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    counts,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
