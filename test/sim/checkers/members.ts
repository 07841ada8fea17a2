/**
 * Whoever is out has no say (I1, I3): a host that knows that another is lost, or has left, hears nothing from it any more,
 * and nobody hears another cluster.
 */
import type { PeerEvent } from '../../../lib/flows/step.ts'
import { isMember } from '../../../lib/model/manifest.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker } from './checker.ts'

export class MemberChecker implements Checker {
  onEvent(node: SimNode, event: PeerEvent): void {
    // By the manifest that its rules have heard of: a message may have waited in line before it.
    const manifest = node.peer?.options.manifest
    if (event.kind !== 'message' || event.from === node.id || manifest === undefined || isMember(manifest, event.from)) return
    throw new Violation('I1', 'a host that is out is heard', { host: node.name, event })
  }
}
