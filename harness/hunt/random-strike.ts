import fc from "fast-check";
import { after, crash, cut, diskWrite, heal, ms, restart, sequence, when } from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import { disksIn } from "../plan/system-disks.ts";
import type { Words } from "./random-words.ts";

/** Something drawn that says what it is once the words of the plan are known: so both shrink by themselves. */
export type InWords<T> = (words: Words) => T;

/** One of a list that is not empty. */
export function oneOf<T>(all: InWords<readonly T[]>): fc.Arbitrary<InWords<T>> {
  return fc.nat({ max: 0xffff }).map((number) => (words) => {
    const list = all(words);
    return list[number % list.length] as T;
  });
}

const pause = fc.integer({ min: 0, max: 60 });
const lasting = fc.constantFrom(1, 5, 20, 100, 1000, 6000);
const systems = oneOf(({ topology }) => topology.systems.map(({ name }) => name));

/** Crashes in a row: the ones after the first come while the system starts, or a little later. */
const crashes: fc.Arbitrary<(system: string) => Step[]> = fc
  .record({
    how: fc.constantFrom("power" as const, "power" as const, "kill" as const),
    downMs: lasting,
    again: fc.array(
      fc.record({ upMs: fc.constantFrom(0, 1, 2, 3, 5, 10, 30, 100), downMs: fc.constantFrom(1, 5, 50) }),
      { maxLength: 2 },
    ),
  })
  .map(({ how, downMs, again }) => (system) => [
    crash(system, how),
    after(ms(downMs), restart(system)),
    ...again.flatMap((next) => [after(ms(next.upMs), crash(system, "power")), after(ms(next.downMs), restart(system))]),
  ]);

/** When the load has gone on for a while. */
const crashLater: fc.Arbitrary<InWords<Step>> = fc.tuple(pause, systems, crashes).map(
  ([delayMs, system, struck]) =>
    (words) =>
      after(ms(delayMs), sequence(...struck(system(words)))),
);

/** At a write of a disk, of whatever kind it is: data, marks, a table, a journal. */
const crashAtWrite: fc.Arbitrary<InWords<Step>> = fc
  .tuple(
    oneOf(({ topology }) =>
      topology.systems.flatMap((system) => disksIn(system).map((disk) => ({ system: system.name, disk }))),
    ),
    fc.integer({ min: 1, max: 8 }),
    crashes,
  )
  .map(([place, nth, struck]) => (words) => {
    const { system, disk } = place(words);
    const [first, ...rest] = struck(system);
    return when(diskWrite(disk, nth), first as Step, sequence(...rest));
  });

/** The link is cut, and perhaps a system crashes meanwhile; a crash alone, where there is no link. */
const cutLater: fc.Arbitrary<InWords<Step>> = fc
  .tuple(pause, lasting, fc.option(crashLater), crashLater)
  .map(([delayMs, downMs, meanwhile, alone]) => (words) => {
    const [link] = words.topology.links;
    if (link === undefined) return alone(words);
    const struck = meanwhile === null ? [] : [meanwhile(words)];
    return after(ms(delayMs), sequence(cut(link.name), ...struck, after(ms(downMs), heal(link.name))));
  });

/** What strikes, and the end of it. */
export const strikes: fc.Arbitrary<InWords<Step>> = fc.oneof(cutLater, crashLater, crashLater, crashAtWrite);
