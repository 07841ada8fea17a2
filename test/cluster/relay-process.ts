/** The far end of a relay: accepts on the socket that it is handed, and passes each connection on to the API beside it. */
import { connect, Server, type Socket } from 'node:net'
import { isObject } from '../../lib/wire/peer/check.ts'

process.once('message', (order: unknown, server: unknown) => {
  const { host, port } = isObject(order) ? order : {}
  if (typeof host !== 'string' || typeof port !== 'number' || !(server instanceof Server)) throw new Error('no order to relay')
  server.on('connection', (client: Socket) => passOn(client, host, port))
})
// Whoever started it is gone.
process.once('disconnect', () => process.exit())

function passOn(client: Socket, host: string, port: number): void {
  const api = connect({ host, port, allowHalfOpen: true })
  const end = (): void => {
    // A reset, as from a host whose agent is gone: a plain end might pass for an empty answer.
    client.resetAndDestroy()
    api.destroy()
  }
  client.once('error', end)
  api.once('error', end)
  client.pipe(api)
  api.pipe(client)
}
