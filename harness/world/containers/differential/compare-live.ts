import { hostPump } from "../../sim/host-pump.ts";
import { differences } from "../../sim/net/recorded/compare.ts";
import { runLive } from "../../sim/net/recorded/live-run.node.ts";
import { outcomes } from "../../sim/net/recorded/outcomes.ts";
import type { Recording, Schedule } from "../../sim/net/recorded/schedule.ts";
import type { LiveServer } from "./live-server.ts";

/** What counts as held up. A fraction of what times may differ by: it adds up over the waits of a chain. */
export const DISTURBANCE_MS_MAX = 5;
const CONCURRENT_MAX = 24;
/** Of runs that are repeated, because a busy machine is not made quieter by many of them. */
const CONCURRENT_MIN = 4;
const ATTEMPTS_MAX = 20;
/** No schedule takes a quarter of it. */
const RUN_MS_MAX = 40_000;

/** What came of comparing schedules. */
export interface Comparisons {
  /** By place in the list: how the real server differs from the simulated network; not there if they agree. */
  readonly differing: ReadonlyMap<number, readonly string[]>;
  /** By place in the list: which outcome of how many it was, where Toxiproxy draws lots. */
  readonly drawn: ReadonlyMap<number, string>;
  /** Runs that differed while the machine was held up, which shows nothing; they were repeated. With how they differed. */
  readonly repeated: readonly string[];
}

interface LiveRun {
  readonly index: number;
  readonly schedule: Schedule;
  /** An error if a peer was not there in time. */
  readonly outcome: Recording | Error;
  readonly disturbanceMs: number;
}

/**
 * Runs schedules through a real Toxiproxy, many at once because they are mostly waiting, and then
 * through the simulated network at the very same times. Simulating takes no part of the processor
 * while the real ones run.
 *
 * Toxiproxy draws lots between things that are ready at once: the simulated network says beforehand which
 * outcomes a schedule can have, mostly one, and the real one must be among them. A run that differs counts if nothing
 * on this machine was late meanwhile, which beats beside it tell; else it is repeated, up to twenty times, and counts
 * then in any case. One that agrees counts always: no disturbance makes two unlike networks alike.
 */
export async function compareLive(server: LiveServer, schedules: readonly Schedule[]): Promise<Comparisons> {
  const differing = new Map<number, readonly string[]>();
  const drawn = new Map<number, string>();
  const repeated: string[] = [];
  let runs = 0;
  let waiting = [...schedules.entries()];
  for (let attempt = 1; waiting.length > 0; attempt++) {
    const again: [number, Schedule][] = [];
    const done: LiveRun[] = [];
    const concurrent = Math.max(CONCURRENT_MIN, Math.ceil(CONCURRENT_MAX / attempt));
    await concurrently(waiting, concurrent, async ([index, schedule]) => {
      const fromMs = performance.now();
      const run = runLive(server.url, schedule, `differential${runs++}`);
      const outcome = await bounded(run).catch((error: unknown) => error as Error);
      done.push({ index, schedule, outcome, disturbanceMs: server.canary.disturbanceMs(fromMs, performance.now()) });
    });
    const crashed = await server.revived();
    for (const { index, schedule, outcome, disturbanceMs } of done) {
      const { found, which } = await compared(outcome);
      if (which !== undefined) drawn.set(index, which);
      if (found.length === 0) continue;
      const told = [...found, `the machine was up to ${disturbanceMs.toFixed(1)} ms late`];
      if (crashed || (disturbanceMs > DISTURBANCE_MS_MAX && attempt < ATTEMPTS_MAX)) {
        repeated.push(`${index}: ${told.join("; ")}`);
        again.push([index, schedule]);
      } else differing.set(index, told);
    }
    waiting = again;
  }
  return { differing, drawn, repeated };
}

/** How the outcome differs from the one that is nearest to it of those that the simulated network has. */
async function compared(
  outcome: Recording | Error,
): Promise<{ readonly found: readonly string[]; readonly which?: string }> {
  if (outcome instanceof Error) return { found: [outcome.message] };
  try {
    const possible = await outcomes(outcome.schedule, outcome.startedMs, hostPump());
    if (possible === undefined) return { found: ["simulated: too many outcomes"] };
    const found = possible.map((each) => differences(outcome, each));
    const nearest = found.reduce((best, each, index) => (each.length < (found[best]?.length ?? 0) ? index : best), 0);
    return {
      found: found[nearest] ?? [],
      ...(possible.length > 1 ? { which: `outcome ${nearest + 1} of ${possible.length}` } : {}),
    };
  } catch (error) {
    // A change that comes too early, say of a toxic that is not there yet, is refused in both worlds.
    return { found: [`simulated: ${String(error)}`] };
  }
}

/** A server that hangs, as it may when toxics change before a stalled receiver, never lets a run end. */
async function bounded<T>(run: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the run did not end within ${RUN_MS_MAX} ms`)), RUN_MS_MAX);
  try {
    return await Promise.race([run, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Does `work` for every item, so many at a time. */
async function concurrently<T>(items: Iterable<T>, count: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: count }, worker));
}
