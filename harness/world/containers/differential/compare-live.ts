import { hostPump } from "../../sim/host-pump.ts";
import { differences as differencesBetween } from "../../sim/net/recorded/compare.ts";
import { runLive } from "../../sim/net/recorded/live-run.node.ts";
import { replay } from "../../sim/net/recorded/replay.ts";
import type { Recording, Schedule } from "../../sim/net/recorded/schedule.ts";
import type { LiveServer } from "./live-server.ts";

/** A fraction of what times may differ by: it adds up over the waits of a chain. */
const DISTURBANCE_MS_MAX = 5;
const CONCURRENT_MAX = 24;
/** Of runs that are repeated, because a busy machine is not made quieter by many of them. */
const CONCURRENT_MIN = 4;
const ATTEMPTS_MAX = 20;
/** Of nine draws of even lots, two at least fall the same way in 98 of 100 cases. */
const DIFFERENCES_MAX = 8;
/** No schedule takes a quarter of it. */
const RUN_MS_MAX = 40_000;

/** What came of comparing schedules. */
export interface Comparisons {
  /** By place in the list: how the real server differs from the simulated network; not there if they agree. */
  readonly differing: ReadonlyMap<number, readonly string[]>;
  /** Schedules that differed and agreed twice besides: Toxiproxy draws lots in them. With how they differed first. */
  readonly unsettled: ReadonlyMap<number, readonly string[]>;
  /** Runs that differed while the machine was held up, which shows nothing; they were repeated. */
  readonly repeated: number;
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
 * A run that differs counts if nothing on this machine was late meanwhile; else it is repeated, up to
 * twenty times, and counts then in any case. One that agrees counts always: no disturbance makes two
 * unlike networks alike. Toxiproxy itself draws lots between things that are ready at once: a Go `select` takes
 * either the interrupt of a stub or the chunk that waits for it, when a toxic is taken away. So a schedule that
 * differs is repeated; what the simulated network does must be among what the real one does, twice at least.
 */
export async function compareLive(server: LiveServer, schedules: readonly Schedule[]): Promise<Comparisons> {
  const differing = new Map<number, readonly string[]>();
  const differedFirst = new Map<number, readonly string[]>();
  const differences = new Map<number, number>();
  const agreedSince = new Set<number>();
  const unsettled = new Map<number, readonly string[]>();
  let repeated = 0;
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
      const found = await differencesOf(outcome);
      const before = differedFirst.get(index);
      const count = differences.get(index) ?? 0;
      if (found.length === 0) {
        if (before === undefined) continue;
        if (agreedSince.has(index)) unsettled.set(index, before);
        else {
          agreedSince.add(index);
          again.push([index, schedule]);
        }
      } else if (crashed || (disturbanceMs > DISTURBANCE_MS_MAX && attempt < ATTEMPTS_MAX)) {
        repeated++;
        again.push([index, schedule]);
      } else if (count < DIFFERENCES_MAX && attempt < ATTEMPTS_MAX) {
        differedFirst.set(index, before ?? found);
        differences.set(index, count + 1);
        again.push([index, schedule]);
      } else differing.set(index, [...found, `the machine was up to ${disturbanceMs.toFixed(1)} ms late`]);
    }
    waiting = again;
  }
  return { differing, unsettled, repeated };
}

async function differencesOf(outcome: Recording | Error): Promise<readonly string[]> {
  if (outcome instanceof Error) return [outcome.message];
  try {
    return differencesBetween(outcome, await replay(outcome.schedule, outcome.startedMs, hostPump()));
  } catch (error) {
    // A change that comes too early, say of a toxic that is not there yet, is refused in both worlds.
    return [`simulated: ${String(error)}`];
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
