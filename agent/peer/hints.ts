/** What an operator should look at when a call fails in a way that libp2p does not put into words. */

const HINTS: ReadonlyArray<readonly [RegExp, string]> = [
  // a wrong key decrypts to noise: the handshake stalls or breaks, and no side can say why
  [/EncryptionFailedError|InvalidCryptoExchangeError/, 'handshake failed: wrong swarm key?'],
  [/UnsupportedProtocolError/, 'the other side serves another cluster or another version'],
  [/DialDeniedError|ConnectionInterceptedError/, 'this peer is not in the manifest here'],
  [
    /StreamResetError|UnexpectedEOFError|ConnectionClosedError|StreamClosedError|MuxerClosedError/,
    'the other side hung up: is this host in its manifest?',
  ],
  [/ECONNREFUSED/, 'nothing listens there: is the agent running?'],
  [/EHOSTUNREACH|ENETUNREACH/, 'no route to the host'],
]

export function hintFor(error: unknown): string | null {
  const text = describe(error)
  return HINTS.find(([pattern]) => pattern.test(text))?.[1] ?? null
}

/** Names and messages of an error and of all that it gathers. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const inner = error instanceof AggregateError ? error.errors.map(describe) : []
  const cause = error.cause === undefined ? [] : [describe(error.cause)]
  return [`${error.name}: ${error.message}`, ...inner, ...cause].join('; ')
}
