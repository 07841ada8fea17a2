/**
 * Flags of Node.js that every agent is started with, whoever starts it.
 *
 * They can only be given when a process begins, so all that start agents share this list.
 */
export const AGENT_NODE_FLAGS: readonly string[] = [
  '--enable-source-maps',
  // MiB. V8 lets the young generation grow to three times 16 MiB and does not give it back; an agent's garbage is small
  // messages, which die as well in a quarter of it. Saves about 25 MiB, costs nothing that could be measured.
  '--max-semi-space-size=4',
]
