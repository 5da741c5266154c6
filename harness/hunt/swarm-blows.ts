import { below, chance, type Random } from "../../engine/ports/index.ts";
import {
  after,
  attempt,
  bandwidth,
  crash,
  cut,
  down,
  eio,
  enospc,
  heal,
  hold,
  labelled,
  latency,
  limitData,
  ms,
  pause,
  readImage,
  resetPeer,
  restart,
  slicer,
  slowClose,
  stall,
  timeout,
  tornWrite,
} from "../plan/index.ts";
import type { DiskRequestKind } from "../fault/disk-trigger.ts";
import type { InjectStep, Step } from "../plan/step.ts";
import type { TopologySystem } from "../plan/topology.ts";
import { disksIn } from "../plan/system-disks.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";
import type { StrikeBook } from "./strike-book.ts";
import type { Cast } from "./swarm-cast.ts";
import type { SwarmFault } from "./swarm.ts";

/** Short of a flush, of a heartbeat, of the silence after which a session ends (4 s), and longer. */
const LASTING_MS = [1, 5, 20, 20, 100, 100, 1000, 6000] as const;
const REQUESTS = [["write"], ["flush"], ["read"], ["write", "flush"], ["read", "write", "flush"]] as const;
/** Requests that a disk fails. */
const FAILING = [1, 1, 2, 5] as const;
/** All of them. A program that is started meanwhile does not start: an operator's mistake, and no fault that heals. */
export const ALL = 1_000_000;
const TORN_WITHIN_MS = 1_500;
/** Any refusal is fine by the plan; this one is only named because a step must name one. */
const REFUSAL = "REFUSED";

/** A fault and what ends it, one after the other. */
export interface Blow {
  readonly begin: readonly Step[];
  readonly lastingMs: number;
  readonly end: readonly Step[];
}

/** What is known of a blow beforehand. */
export interface BlowAim {
  /** If it is an error of a disk, or a disk that hangs: of some requests, or of all until it is over. */
  readonly fails?: "some" | "all";
  /** Where an error of a disk is of use, as far as the system has such disks. */
  readonly disks?: readonly string[];
  /** What such an error fails; any if it is not given. */
  readonly requests?: readonly DiskRequestKind[];
}

/** A fault at `system`, or at one of its disks or links. */
export function drawBlow(
  random: Random,
  kind: SwarmFault,
  system: TopologySystem,
  cast: Cast,
  book: StrikeBook,
  { fails = "some", disks = [], requests }: BlowAim = {},
): Blow {
  const trigger = (): { readonly nth: number; readonly count: number } =>
    fails === "all" ? { nth: 1, count: ALL } : { nth: acrossOrders(random, 1, nthMax), count: pick(random, FAILING) };
  const own = disksIn(system);
  const aimed = disks.filter((name) => own.includes(name));
  const isAimed = aimed.length > 0;
  const disk = pick(random, isAimed ? aimed : own);
  /** What comes next, or later. */
  const nthMax = isAimed ? 2 : 32;
  const links = cast.topology.links.filter(({ between: ends }) => ends.includes(system.name));
  const link = links.length === 0 ? undefined : pick(random, links).name;
  const direction = pick(random, ["upstream", "downstream"] as const);
  const lastingMs = pick(random, LASTING_MS);
  const label = book.label();
  const healed = (fault: InjectStep): Blow => ({ begin: [labelled(label, fault)], lastingMs, end: [heal(label)] });
  const crashes = (how: "power" | "kill"): Blow => ({
    begin: [crash(system.name, how)],
    lastingMs,
    end: drawStarts(random.fork("crashes"), system.name, cast),
  });
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
      const { end } = crashes("power");
      const again: Step[] = [after(ms(lastingMs), ...end)];
      return {
        begin: [
          labelled(label, torn),
          { kind: "when", condition: down(system.name), steps: again, withinMs: TORN_WITHIN_MS },
        ],
        lastingMs: 0,
        end: [heal(label), restart(system.name)],
      };
    }
    case "eio": {
      return healed(eio(disk, requests ?? pick(random, REQUESTS), trigger()));
    }
    case "enospc":
      return healed(enospc(disk, trigger()));
    case "stall":
      return healed(
        stall(
          disk,
          requests ?? pick(random, REQUESTS),
          fails === "all"
            ? trigger()
            : { nth: acrossOrders(random, 1, Math.min(16, nthMax)), count: pick(random, [1, 3]) },
        ),
      );
    case "pause":
      return healed(pause(system.name));
    case "cut":
      return link === undefined ? crashes("power") : healed(cut(link));
    default:
      if (link === undefined) return crashes("power");
      return healed(book.takesToxic(link, direction) ? drawToxic(random, kind, link, direction) : cut(link));
  }
}

/** The steps of a blow. */
export function stepsOf({ begin, lastingMs, end }: Blow): Step[] {
  return [...begin, lasting(lastingMs, end)];
}

/** A second blow strikes while the first one lasts, which ends before the second does. */
export function stepsWithin(first: Blow, delayMs: number, second: Blow): Step[] {
  return [...first.begin, lasting(delayMs, second.begin), ...first.end, lasting(second.lastingMs, second.end)];
}

function lasting(delayMs: number, steps: readonly Step[]): Step {
  return { kind: "after", delayMs, steps };
}

function drawToxic(
  random: Random,
  kind: Exclude<SwarmFault, "power" | "kill" | "torn-write" | "eio" | "enospc" | "stall" | "pause" | "cut">,
  link: string,
  direction: "upstream" | "downstream",
): InjectStep {
  switch (kind) {
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

/** The system starts; perhaps it crashes again, while it starts or a little later. Then its images may be looked at. */
function drawStarts(random: Random, system: string, { topology, imaged }: Cast): Step[] {
  const steps: Step[] = [restart(system)];
  const again = pick(random, [0, 0, 1, 2]);
  for (let index = 0; index < again; index++) {
    steps.push(after(ms(pick(random, [0, 1, 2, 3, 5, 10, 30, 100])), crash(system, "power")));
    steps.push(after(ms(pick(random, [1, 5, 50])), restart(system)));
  }
  const volumes = topology.systems.find(({ name }) => name === system)?.volumes ?? [];
  for (const { name } of volumes)
    if (imaged.includes(name) && chance(random, 0.7)) steps.push(attempt(readImage(name), REFUSAL));
  return steps;
}
