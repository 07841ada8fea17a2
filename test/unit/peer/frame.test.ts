import fc from 'fast-check'
import t from 'tap'
import { encodeFrame, FrameReader, FrameTooLarge, MESSAGE_BYTES_MAX } from '../../../agent/peer/frame.ts'

t.test('messages come out as they went in, however the bytes were cut on the way', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 200 })),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (texts, cuts) => {
        const bytes = Buffer.concat(texts.map(encodeFrame))
        const reader = new FrameReader()
        const read: string[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1
          read.push(...reader.push(bytes.subarray(at, at + length)))
          at += length
        }
        return JSON.stringify(read) === JSON.stringify(texts.map((text) => Buffer.from(text).toString()))
      },
    ),
  )
  t.end()
})

t.test('a message of just the limit passes; one byte more is refused, before its bytes have come', (t) => {
  const most = 'x'.repeat(MESSAGE_BYTES_MAX)
  t.equal(new FrameReader().push(encodeFrame(most))[0]?.length, MESSAGE_BYTES_MAX)
  t.throws(() => encodeFrame(`${most}x`), FrameTooLarge)
  const header = Buffer.alloc(4)
  header.writeUInt32BE(MESSAGE_BYTES_MAX + 1)
  t.throws(() => new FrameReader().push(header), FrameTooLarge)
  t.end()
})
