import type { SimRandom } from "../../sim-random.ts";

/**
 * What Go leaves open in a stub that is to be interrupted. Its `select` takes any of the things that are ready; if that
 * is the interrupt and something else, lots decide.
 *
 * @param woken the interrupt was asked for by a goroutine made just before the stub was woken, and which of the two Go
 * runs first decides too
 * @returns true: the other thing comes first, and the interrupt waits
 */
export type Lots = (woken: boolean) => boolean;

/**
 * Lots by seed. A stub that was woken goes on before the goroutine that was made before: whoever is woken by a channel
 * comes next on its thread. So it takes what waits for it, and only later meets the interrupt.
 */
export function seededLots(random: SimRandom): Lots {
  let stream: SimRandom | undefined;
  return (woken) => {
    if (woken) return true;
    stream ??= random.fork("lots");
    return (stream.next32() & 1) === 1;
  };
}
