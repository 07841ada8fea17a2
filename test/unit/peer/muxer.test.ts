import '../../../agent/peer/polyfill.ts'
import { multiaddrConnectionPair } from '@libp2p/utils'
import t from 'tap'
import { streamMuxer } from '../../../agent/peer/muxer.ts'

t.test('a connection that breaks at the moment in which a stream begins ends that stream, and nothing else', async (t) => {
  const [ours] = multiaddrConnectionPair({ delay: 0 })
  const muxer = streamMuxer()().createStreamMuxer(ours)
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  process.on('uncaughtException', note)
  t.teardown(() => process.off('uncaughtException', note))
  const creating = Promise.resolve(muxer.createStream()).then(
    (stream) => stream.status,
    () => 'refused',
  )
  const send = ours.send.bind(ours)
  // The moment in which the socket has gone and the streams on it have not heard.
  ours.send = () => {
    throw new Error('Cannot write to a stream that is closed')
  }
  t.equal(await creating, 'aborted')
  await new Promise((resolve) => setImmediate(resolve))
  t.same(uncaught, [])
  ours.send = send
  muxer.abort(new Error('the test is over'))
})

t.test('streams carry bytes both ways', async (t) => {
  const [ours, theirs] = multiaddrConnectionPair({ delay: 0 })
  const [one, other] = [streamMuxer()().createStreamMuxer(ours), streamMuxer()().createStreamMuxer(theirs)]
  other.addEventListener('stream', ({ detail }) => {
    detail.addEventListener('message', ({ data }) => void detail.send(data))
  })
  const stream = await one.createStream()
  const echoed = new Promise<string>((resolve) => {
    stream.addEventListener('message', ({ data }) => resolve(Buffer.from(data.subarray()).toString()))
  })
  stream.send(Buffer.from('there and back'))
  t.equal(await echoed, 'there and back')
  await Promise.all([one.close(), other.close()])
})
