/**
 * How a process ends, as far as those around it can tell.
 *
 * Killed: what it wrote stays in the kernel and reaches the disk, its commands go on to their end, what it sent goes out.
 * A power cut: what was not synced is gone, with everything that was under way. Drawn: anything between the two.
 */
export type Manner = 'killed' | 'power cut' | 'drawn'
