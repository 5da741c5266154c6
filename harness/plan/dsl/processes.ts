import type { ClockDrift } from "../../fault/clock-drift.ts";
import type { ClockStep } from "../../fault/clock-step.ts";
import type { Crash } from "../../fault/crash.ts";
import type { Pause } from "../../fault/pause.ts";
import type { CrashKind, PowerLossChoice } from "../../world/world.ts";
import type { HealStep, InjectStep, RestartStep } from "../step.ts";

/**
 * Ends the program: `kill` leaves the kernel its cache and sockets, `power` loses unflushed sectors and every socket.
 * Which sectors are lost chance decides, unless `choice` does.
 */
export function crash<const S extends string, const D extends string = never>(
  system: S,
  how: CrashKind,
  choice: PowerLossChoice<D> = {},
): InjectStep<Crash<S, D>> {
  return { kind: "inject", fault: { kind: "crash", system, how, ...choice } };
}

/** Starts a crashed system on the same disks and waits until it serves. */
export function restart<const S extends string>(system: S): RestartStep<S> {
  return { kind: "restart", system };
}

/** Stops the program without its knowledge. */
export function pause<const S extends string>(system: S): InjectStep<Pause<S>> {
  return { kind: "inject", fault: { kind: "pause", system } };
}

/** Ends a pause (and any other fault of the system). */
export function resume(system: string): HealStep {
  return { kind: "heal", label: system };
}

/** The wall clock jumps; the monotonic clock does not. */
export function stepClock<const S extends string>(system: S, stepMs: number): InjectStep<ClockStep<S>> {
  return { kind: "inject", fault: { kind: "clock-step", system, stepMs } };
}

/** The clock runs fast (positive) or slow until `heal(system)`. */
export function driftClock<const S extends string>(system: S, partsPerMillion: number): InjectStep<ClockDrift<S>> {
  return { kind: "inject", fault: { kind: "clock-drift", system, partsPerMillion } };
}
