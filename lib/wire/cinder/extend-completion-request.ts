/** Body of os-extend_volume_completion: whether a server came to see the new size. Whatever it says, it is heard for its form alone. */
import Type from 'typebox'
import { shape } from './input.ts'

const closed = { additionalProperties: false }
const Word = Type.Union([Type.String({ maxLength: 255 }), Type.Boolean(), Type.Null()])

export const EXTEND_COMPLETION_BODY = shape(
  Type.Object({ 'os-extend_volume_completion': Type.Object({ error: Type.Optional(Word) }, closed) }, closed),
)
