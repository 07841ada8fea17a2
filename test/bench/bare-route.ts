/** A rival: fastify and one route that sends given bytes. Prints its port, ends with its standard input. */
import { readFile } from 'node:fs/promises'
import fastify from 'fastify'

export async function runBareRoute(file: string): Promise<void> {
  const body = await readFile(file)
  const app = fastify({ logger: false })
  app.get('/v3/:project/volumes/:id', (_, reply) => reply.header('content-type', 'application/json').send(body))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`)
  process.stdin.once('end', () => process.exit())
  process.stdin.resume()
}
