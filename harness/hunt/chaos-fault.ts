import type { Random } from "../../engine/ports/index.ts";
import type { AnyFault } from "../fault/index.ts";
import type { Step } from "../plan/step.ts";
import type { Topology } from "../plan/topology.ts";
import { metaDiskOf } from "../plan/meta-disk.ts";
import { systemOfDisk } from "../plan/system-disks.ts";
import type { Direction } from "../world/world.ts";
import { acrossOrders, between, pick } from "./chaos-draw.ts";

/**
 * Faults that an engine must stand: whatever they do, it can know of it. A disk that acknowledges and does not do
 * (lost, misdirected and flipped bits) spoils a mirror that has no second copy to compare with; a clock is none of these.
 */
export const CHAOS_KINDS = [
  "cut",
  "hold",
  "latency",
  "bandwidth",
  "slicer",
  "limit-data",
  "timeout",
  "slow-close",
  "reset-peer",
  "crash",
  "pause",
  "eio",
  "enospc",
  "stall",
  "torn-write",
] as const satisfies readonly AnyFault["kind"][];
export type ChaosKind = (typeof CHAOS_KINDS)[number];

/** A fault with the time for which it lasts, from the moment at which hosts begin. */
export interface TimedFault {
  readonly fault: AnyFault;
  readonly label: string;
  readonly startMs: number;
  readonly endMs: number;
}

const CLOSE_DELAY_MS_MAX = 1500;
/** For so long a connection may be ending after a toxic that draws this out. */
const ENDING_MS_MAX = CLOSE_DELAY_MS_MAX + 500;
const DIRECTIONS: readonly Direction[] = ["upstream", "downstream"];
const REQUESTS = [["write"], ["flush"], ["read"], ["write", "flush"], ["read", "write", "flush"]] as const;

/** Short of a heartbeat, shorter than what a peer's silence is waited for (4 s), and longer. */
function durationMs(random: Random): number {
  const [min, max] = pick(random, [
    [20, 250],
    [250, 2000],
    [2000, 3800],
    [4200, 6500],
  ] as const);
  return between(random, min, max);
}

/** Draws one fault of `kinds` that begins before `untilMs`. */
export function drawFault(
  random: Random,
  { systems, links }: Topology,
  kinds: readonly ChaosKind[],
  untilMs: number,
  label: string,
): TimedFault {
  const startMs = between(random, 0, untilMs);
  const endMs = startMs + durationMs(random);
  const kind = pick(random, kinds);
  const link = pick(random, links).name;
  const direction = pick(random, DIRECTIONS);
  const { name: system, volumes } = pick(random, systems);
  const disk = pick(random, [...volumes.map(({ name }) => name), metaDiskOf(system)]);
  return { fault: faultOf(kind), label, startMs, endMs };

  function faultOf(chosen: ChaosKind): AnyFault {
    switch (chosen) {
      case "cut":
        return { kind: chosen, link };
      case "hold":
        return { kind: chosen, link, direction };
      case "latency": {
        const latencyMs = acrossOrders(random, 2, 500);
        return { kind: chosen, link, direction, latencyMs, jitterMs: between(random, 0, Math.floor(latencyMs / 2)) };
      }
      case "bandwidth":
        return { kind: chosen, link, direction, rateKBps: acrossOrders(random, 20, 4000) };
      case "slicer": {
        const averageBytes = acrossOrders(random, 64, 8192);
        const variationBytes = between(random, 0, Math.floor(averageBytes / 2));
        return { kind: chosen, link, direction, averageBytes, variationBytes, delayUs: between(random, 0, 400) };
      }
      case "limit-data":
        return { kind: chosen, link, direction, limitBytes: acrossOrders(random, 1, 400_000) };
      case "timeout":
        return { kind: chosen, link, direction, timeoutMs: pick(random, [0, 50, 400, 1500]) };
      case "slow-close":
        return { kind: chosen, link, direction, delayMs: acrossOrders(random, 10, CLOSE_DELAY_MS_MAX) };
      case "reset-peer":
        return { kind: chosen, link, direction, timeoutMs: pick(random, [0, 20, 300, 1000]) };
      case "crash":
        return { kind: chosen, system, how: pick(random, ["kill", "power"]) };
      case "pause":
        return { kind: chosen, system };
      case "eio":
        return { kind: chosen, disk, on: pick(random, REQUESTS), ...trigger() };
      case "enospc":
        return { kind: chosen, disk, ...trigger() };
      case "stall":
        return { kind: chosen, disk, on: pick(random, REQUESTS), ...trigger() };
      case "torn-write":
        return { kind: chosen, disk, sectors: acrossOrders(random, 1, 64) - 1, nth: acrossOrders(random, 1, 64) };
    }
  }

  /** A few requests, some of them, or all while it lasts. */
  function trigger(): { readonly count?: number; readonly probability?: number } {
    return pick(random, [{ count: acrossOrders(random, 1, 16) }, { probability: pick(random, [0.1, 0.5]) }, {}]);
  }
}

/** The system that the fault takes down, or whose disk it is of; "" for one of a link. */
function systemOf({ fault }: TimedFault, { systems }: Topology): string {
  if ("system" in fault) return fault.system;
  if (!("disk" in fault)) return "";
  return systemOfDisk(systems, fault.disk) ?? "";
}

const endsProgram = ({ fault }: TimedFault): boolean => fault.kind === "crash" || fault.kind === "torn-write";

/**
 * True if `added` may be there beside all of `others`. A program that is started on a disk that fails or hangs does not
 * start: that is an operator's mistake, and no fault that heals. And Toxiproxy ends with a panic if the toxics of one
 * direction change while a connection is ending, which toxics there draw out.
 */
export function fits(added: TimedFault, others: readonly TimedFault[], topology: Topology): boolean {
  return others.every((other) => {
    const apartMs = Math.max(other.startMs - added.endMs, added.startMs - other.endMs);
    if (isOnOneDirection(added, other)) return apartMs > ENDING_MS_MAX;
    return apartMs > 0 || !isStartOnBadDisk(added, other, topology);
  });
}

function isStartOnBadDisk(one: TimedFault, other: TimedFault, topology: Topology): boolean {
  const system = systemOf(one, topology);
  if (system === "" || systemOf(other, topology) !== system) return false;
  return (endsProgram(one) && "disk" in other.fault) || (endsProgram(other) && "disk" in one.fault);
}

function isOnOneDirection({ fault: one }: TimedFault, { fault: other }: TimedFault): boolean {
  return "direction" in one && "direction" in other && one.link === other.link && one.direction === other.direction;
}

/** The fault strikes, lasts, and is healed: one lane of many. */
export function laneOf({ fault, label, startMs, endMs }: TimedFault, topology: Topology): Step {
  const heal: Step[] = [{ kind: "heal", label }];
  const system = systemOf({ fault, label, startMs, endMs }, topology);
  if (fault.kind === "torn-write") heal.push({ kind: "restart", system });
  return {
    kind: "after",
    delayMs: startMs,
    steps: [
      { kind: "inject", fault, label },
      { kind: "after", delayMs: endMs - startMs, steps: heal },
    ],
  };
}
