/** Body of a create of a backup, as far as it says of which volume: there is no service that would read the rest. */
import Type from 'typebox'
import { accepted, type Parsed, shape } from './input.ts'

export const CREATE_BACKUP_BODY = shape(Type.Object({ backup: Type.Object({ volume_id: Type.String({ maxLength: 255 }) }) }))

/** @returns the volume's id as the client wrote it */
export function parseCreateBackup(body: unknown): Parsed<string> {
  const parsed = CREATE_BACKUP_BODY.parse(body)
  return parsed.ok ? accepted(parsed.value.backup.volume_id) : parsed
}
