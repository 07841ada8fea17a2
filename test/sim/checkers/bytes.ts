/** Bytes go by name in the simulator: what was laid into a pool has these. */
export const bytesLaid = (name: string): string => `laid as ${name}`
