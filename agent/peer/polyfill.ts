/**
 * Promise.withResolvers for Node 20, which libp2p calls without asking. Imported before anything that loads libp2p; nothing
 * else goes in here, and the file is deleted when Node 22 is the oldest that is supported.
 */
if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', {
    configurable: true,
    writable: true,
    value(this: PromiseConstructor) {
      const made: { resolve?: unknown; reject?: unknown } = {}
      // a promise calls its executor before the constructor returns
      const promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }))
      return { promise, ...made }
    },
  })
}
