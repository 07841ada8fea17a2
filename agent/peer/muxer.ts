/**
 * libp2p's multiplexer of streams, with a beginning of a stream that cannot end the agent.
 *
 * yamux announces a new stream in a microtask of its own, where nobody catches what it throws: if the connection has been
 * closed by then, because the other agent was killed at that moment, the exception ends this agent too. Here it ends the
 * stream, as everything does that goes wrong with one. To be dropped when @libp2p/yamux does the same.
 */
import './polyfill.ts'
import type { StreamMuxerFactory } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'

type Muxer = ReturnType<ReturnType<ReturnType<typeof yamux>>['createStreamMuxer']>

export function streamMuxer(): () => StreamMuxerFactory {
  const make = yamux()
  return () => {
    const factory = make()
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    return Object.assign(factory, {
      createStreamMuxer: (connection: Parameters<typeof createStreamMuxer>[0]) => careful(createStreamMuxer(connection)),
    })
  }
}

function careful(muxer: Muxer): Muxer {
  const onCreateStream = muxer.onCreateStream.bind(muxer)
  return Object.assign(muxer, {
    onCreateStream() {
      const stream = onCreateStream()
      const sendWindowUpdate = stream.sendWindowUpdate.bind(stream)
      return Object.assign(stream, {
        sendWindowUpdate() {
          try {
            sendWindowUpdate()
          } catch (error) {
            stream.abort(error instanceof Error ? error : new Error(String(error)))
          }
        },
      })
    },
  })
}
