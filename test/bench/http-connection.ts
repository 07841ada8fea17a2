/**
 * One kept-alive HTTP connection with one request at a time, and as little work as a client can do.
 *
 * Client and agents share the processors: whatever a client spends here looks like a slow agent. Only answers with a
 * Content-Length are understood, which is what the API sends.
 */
import { connect, type Socket } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  /** Its headers, as they came. */
  readonly head: string
  readonly body: Buffer
}

export interface HttpAddress {
  readonly host: string
  readonly port: number
}

const HEAD_END = '\r\n\r\n'

export class HttpConnection {
  readonly #socket: Socket
  #chunks: Buffer[] = []
  #received = 0
  /** Bytes of the whole answer, once its head has come. */
  #wanted = 0
  #head: { readonly status: number; readonly text: string; readonly sizeBytes: number } | null = null
  #waiting: { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (error: Error) => void } | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  static open({ host, port }: HttpAddress): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new HttpConnection(socket))
      })
    })
  }

  /** @param request made by `requestBytes` */
  ask(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#waiting = null
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#received += chunk.length
    if (this.#head === null && !this.#readHead()) return
    if (this.#head === null || this.#received < this.#wanted) return
    const whole = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#received)
    const answer = { status: this.#head.status, head: this.#head.text, body: whole.subarray(this.#head.sizeBytes, this.#wanted) }
    this.#chunks = []
    this.#received = 0
    this.#head = null
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve(answer)
  }

  #readHead(): boolean {
    const [first] = this.#chunks
    if (first === undefined) return false
    const bytes = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#received)
    this.#chunks = [bytes]
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return false
    const head = bytes.toString('latin1', 0, end)
    const status = Number(head.slice(9, 12))
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    this.#head = { status, text: head, sizeBytes: end + HEAD_END.length }
    this.#wanted = end + HEAD_END.length + length
    return true
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.reject(error)
  }
}
