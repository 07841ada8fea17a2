/**
 * How volumes of a type would have to be encrypted: an admin's word, kept with the type.
 *
 * No host can encrypt yet. A type with such a record makes no volume; it never makes one that is plain.
 */
export interface TypeEncryption {
  /** UUID */
  readonly id: string
  /** Such as `luks`. */
  readonly provider: string
  readonly controlLocation: 'front-end' | 'back-end'
  readonly cipher: string | null
  /** Bits */
  readonly keySize: number | null
  /** Unix milliseconds. */
  readonly createdAtMs: number
  readonly updatedAtMs: number | null
}

/** Only what is there is changed. */
export type EncryptionChange = Partial<Pick<TypeEncryption, 'provider' | 'controlLocation' | 'cipher' | 'keySize'>>
