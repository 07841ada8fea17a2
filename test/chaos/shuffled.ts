import type { Random } from '../sim/random.ts'

/** The same things in an order that is drawn. */
export function shuffled<Thing>(things: readonly Thing[], random: Random): Thing[] {
  const left = [...things]
  const drawn: Thing[] = []
  while (left.length > 0) drawn.push(...left.splice(random.below(left.length), 1))
  return drawn
}
