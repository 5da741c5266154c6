import { below, type Random } from "../../engine/ports/index.ts";
import {
  after,
  bandwidth,
  crash,
  cut,
  down,
  enospc,
  eio,
  heal,
  hold,
  labelled,
  latency,
  limitData,
  ms,
  pause,
  resetPeer,
  restart,
  slicer,
  slowClose,
  stall,
  timeout,
  tornWrite,
} from "../plan/index.ts";
import type { InjectStep, Step } from "../plan/step.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import type { Cast } from "./swarm-cast.ts";
import { momentIn } from "./swarm-moments.ts";
import type { Swarm, SwarmFault } from "./swarm.ts";

/** Short of a flush, of a heartbeat, of the silence after which a session ends (4 s), and longer. */
const LASTING_MS = [1, 5, 20, 20, 100, 100, 1000, 6000] as const;
const REQUESTS = [["write"], ["flush"], ["read"], ["write", "flush"], ["read", "write", "flush"]] as const;
const TORN_WITHIN_MS = 1_500;

/** Where strikes have their names from: each has one of its own. */
export type Labels = () => string;

/** What strikes in a round, each at its moment, with the end of it. */
export function drawStrikes(random: Random, swarm: Swarm, cast: Cast, labels: Labels): Step[] {
  return Array.from({ length: below(random.fork("count"), swarm.strikesMax + 1) }, (_, index): Step => {
    const own = random.fork(`strike/${index}`);
    const blow = drawBlow(own, pick(own, swarm.faults), cast, labels);
    return momentIn(own.fork("moment"), swarm, cast, blow);
  });
}

/** A fault, for how long, and what ends it. */
function drawBlow(random: Random, kind: SwarmFault, { topology }: Cast, labels: Labels): Step[] {
  const system = pick(random, topology.systems);
  const disk = pick(random, [`${system.name}/meta`, ...system.volumes.map(({ name }) => name)]);
  const link = topology.links.length === 0 ? undefined : pick(random, topology.links).name;
  const direction = pick(random, ["upstream", "downstream"] as const);
  const lasting = pick(random, LASTING_MS);
  const label = labels();
  const until = (fault: InjectStep): Step[] => [labelled(label, fault), after(ms(lasting), heal(label))];
  const crashes = (how: "power" | "kill"): Step[] => drawCrashes(random.fork("crashes"), system.name, how, lasting);
  switch (kind) {
    case "power":
    case "kill":
      return crashes(kind);
    case "torn-write": {
      const torn = tornWrite(disk, {
        sectors: acrossOrders(random, 1, 32) - 1,
        nth: acrossOrders(random, 1, 32),
        count: 1,
      });
      const [, ...again] = crashes("power");
      return [
        labelled(label, torn),
        { kind: "when", condition: down(system.name), steps: again, withinMs: TORN_WITHIN_MS },
        heal(label),
        restart(system.name),
      ];
    }
    case "eio": {
      const trigger = { nth: acrossOrders(random, 1, 32), count: pick(random, [1, 1, 2, 5]) };
      return until(eio(disk, pick(random, REQUESTS), trigger));
    }
    case "enospc":
      return until(enospc(disk, { nth: acrossOrders(random, 1, 32), count: pick(random, [1, 1, 2, 5]) }));
    case "stall":
      return until(
        stall(disk, pick(random, REQUESTS), { nth: acrossOrders(random, 1, 16), count: pick(random, [1, 3]) }),
      );
    case "pause":
      return until(pause(system.name));
    default:
      return link === undefined ? crashes("power") : until(drawLinkFault(random, kind, link, direction));
  }
}

function drawLinkFault(
  random: Random,
  kind: Exclude<SwarmFault, "power" | "kill" | "torn-write" | "eio" | "enospc" | "stall" | "pause">,
  link: string,
  direction: "upstream" | "downstream",
): InjectStep {
  switch (kind) {
    case "cut":
      return cut(link);
    case "hold":
      return hold(link, direction);
    case "latency": {
      const latencyMs = acrossOrders(random, 1, 500);
      return latency(link, direction, { latencyMs, jitterMs: below(random, latencyMs) });
    }
    case "bandwidth":
      return bandwidth(link, direction, acrossOrders(random, 20, 4000));
    case "slicer": {
      const averageBytes = acrossOrders(random, 64, 4096);
      const variationBytes = below(random, averageBytes);
      return slicer(link, direction, { averageBytes, variationBytes, delayUs: between(random, 0, 400) });
    }
    case "limit-data":
      return limitData(link, direction, acrossOrders(random, 1, 200_000));
    case "timeout":
      return timeout(link, direction, pick(random, [0, 50, 400, 1500]));
    case "slow-close":
      return slowClose(link, direction, acrossOrders(random, 10, 1500));
    case "reset-peer":
      return resetPeer(link, direction, pick(random, [0, 20, 300, 1000]));
  }
}

/** Crashes in a row: the ones after the first come while the system starts, or a little later. */
function drawCrashes(random: Random, system: string, how: "power" | "kill", downMs: number): Step[] {
  const steps: Step[] = [crash(system, how), after(ms(downMs), restart(system))];
  const again = pick(random, [0, 0, 1, 2]);
  for (let index = 0; index < again; index++) {
    steps.push(after(ms(pick(random, [0, 1, 2, 3, 5, 10, 30, 100])), crash(system, "power")));
    steps.push(after(ms(pick(random, [1, 5, 50])), restart(system)));
  }
  return steps;
}
