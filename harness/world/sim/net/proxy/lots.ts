import type { SimRandom } from "../../sim-random.ts";

/**
 * What Toxiproxy leaves open. `Pipe` of a toxic is a loop around `select { case <-stub.Interrupt: case c := <-stub.Input: }`,
 * some with `case <-time.After(d)` in it, and Go's `select` takes any of those that are ready, by a random draw. Two are
 * ready when an interrupt was asked for while the stub was blocked in sending: as it comes back, the interrupt waits, and
 * so may a chunk, an end, or a time that has run out.
 *
 * @param woken `RemoveToxic` has just made a goroutine that is to interrupt, and then woken the stub by taking its chunk:
 * whether the interrupt waits by the time the stub is back depends on which of the two Go runs first
 * @returns true: the other thing comes first, and the interrupt waits on
 */
export type Lots = (woken: boolean) => boolean;

/**
 * Lots by seed. A stub that was woken is back before the new goroutine runs: whoever a channel wakes is next on its
 * thread, before a goroutine that was only made. A real server was not seen to do otherwise where that shows.
 */
export function seededLots(random: SimRandom): Lots {
  let stream: SimRandom | undefined;
  return (woken) => {
    if (woken) return true;
    stream ??= random.fork("lots");
    return (stream.next32() & 1) === 1;
  };
}
