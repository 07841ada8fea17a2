/**
 * Hosts that use volumes: they log in with what a client was given, write whenever they can, and come back after every
 * cut, long after their volume was detached too.
 */
import type { Connection } from '../../lib/model/attachment.ts'
import type { Session } from './fakes/exports.ts'
import type { Hits } from './hits.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export class Initiators {
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #nodes: readonly SimNode[]
  readonly #known = new Set<string>()

  constructor(options: { world: World; random: Random; hits: Hits; nodes: readonly SimNode[] }) {
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#nodes = options.nodes
  }

  /** This initiator starts to use it, once per export. */
  use(initiator: string, connection: Connection): void {
    if (this.#known.has(connection.iqn)) return
    this.#known.add(connection.iqn)
    this.#goOn(initiator, connection, null, 12)
  }

  #goOn(initiator: string, connection: Connection, session: Session | null, times: number): void {
    if (times === 0) return
    this.#world.schedule(this.#random.between(1, times > 8 ? 500 : 6000), () => {
      this.#goOn(initiator, connection, this.#turn(initiator, connection, session), times - 1)
    })
  }

  #turn(initiator: string, connection: Connection, session: Session | null): Session | null {
    const node = this.#nodes.find(({ name }) => connection.portal === portalOf(name))
    if (node === undefined) return null
    if (session !== null && node.exports.write(session)) {
      this.#hits.add('initiator: writes')
      return session
    }
    if (session !== null) this.#hits.add('initiator: cut off')
    const again = node.exports.login(initiator, connection.iqn, connection.username, connection.password)
    this.#hits.add(again === null ? 'initiator: turned away' : 'initiator: logs in')
    return again
  }
}

export function portalOf(name: string): string {
  return `${name}:3260`
}
