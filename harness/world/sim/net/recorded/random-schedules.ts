import { below } from "../../../../../engine/ports/index.ts";
import type { Direction } from "../../../world.ts";
import { SimRandom } from "../../sim-random.ts";
import type { Toxic } from "../proxy/toxic.ts";
import type { Action, Schedule, ScheduledToxic } from "./schedule.ts";

/**
 * Random chains of up to three toxics with live changes: one way, then both ways. A plan with ties is
 * as good as none: times keep apart.
 */
export const randomSchedules: readonly Schedule[] = [
  ...Array.from({ length: 60 }, (_, index) => randomSchedule(`random chain ${index}`, ["downstream"])),
  ...Array.from({ length: 40 }, (_, index) => randomSchedule(`random chains ${index}`, ["downstream", "upstream"])),
];

function randomSchedule(name: string, directions: readonly Direction[]): Schedule {
  const random = new SimRandom(`recorded/${name}`);
  const pick = <T>(items: readonly T[]): T => items[below(random, items.length)] as T;
  const between = (min: number, max: number): number => min + below(random, max - min + 1);
  const toxic = (): Toxic => {
    switch (below(random, 7)) {
      case 0:
      case 1:
        return { type: "latency", latencyMs: pick([70, 130, 210, 330]) };
      case 2:
        return { type: "bandwidth", rateKBps: pick([7, 13, 29, 53]) };
      case 3:
        return { type: "slicer", averageSizeBytes: pick([300, 700]), delayUs: pick([11_000, 23_000]) };
      case 4:
        return { type: "limit_data", limitBytes: between(500, 9000) };
      case 5:
        return { type: "slow_close", delayMs: pick([90, 170]) };
      default:
        return { type: "noop" };
    }
  };
  const chain: ScheduledToxic[] = [];
  let added = 0;
  const another = (): ScheduledToxic => ({ name: `t${added++}`, direction: pick(directions), toxic: toxic() });
  for (let count = below(random, 4); count > 0; count--) chain.push(another());
  const actions: Action[] = [{ atMs: 0, do: "connect" }];
  const live = chain.map(({ name, toxic }) => ({ name, toxic }));
  let atMs = 60;
  for (let count = between(3, 8); count > 0; count--) {
    if (below(random, 100) < 60) {
      const side = pick(directions) === "downstream" ? "server" : "client";
      actions.push({ atMs, do: "write", side, sizeBytes: between(1, 3000) });
    }
    else {
      const victim = live.length === 0 ? undefined : pick(live);
      const what = below(random, 3);
      if (what === 0 || victim === undefined) {
        const slot = another();
        live.push({ name: slot.name, toxic: slot.toxic });
        actions.push({ atMs, do: "addToxic", ...slot });
      } else if (what === 1) {
        const changed = toxic();
        // A change keeps the type; another draw of the same type may differ in its numbers.
        actions.push({
          atMs,
          do: "updateToxic",
          name: victim.name,
          toxic: changed.type === victim.toxic.type ? changed : victim.toxic,
        });
      } else {
        live.splice(live.indexOf(victim), 1);
        actions.push({ atMs, do: "removeToxic", name: victim.name });
      }
    }
    atMs += between(37, 97);
  }
  actions.push({ atMs, do: "finish", side: pick(directions) === "downstream" ? "server" : "client" });
  return { name, toxics: chain, actions, untilMs: atMs + 1500, toleranceMs: 40 };
}
