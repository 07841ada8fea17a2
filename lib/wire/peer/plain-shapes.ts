/** The shapes of ids and numbers as they may arrive from another peer: of them everything else is made. */
import { integer, pattern, text } from './check.ts'

/** More items than any honest message of 4 MiB holds. */
export const ITEMS_MAX = 100_000

export const peer = pattern(/^[A-Za-z0-9_-]+$/, 128)
export const uuid = pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 36)
export const rid = pattern(/^[0-9a-f]{32,64}$/, 64)
export const reservation = pattern(/^\d+\.\d+$/, 40)
export const project = pattern(/^[^\0]+$/, 255)
/** `host@backend#pool` */
export const pool = pattern(/^[^\0@#/]+@[^\0@#/]+#[^\0@#/]+$/, 255)
export const count = integer(0)
export const bodyHash = text(128)
/** Unix milliseconds. */
export const atMs = integer(0)
