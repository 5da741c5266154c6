import { EventLog } from "../../harness/history/event-log.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import { Process } from "../../harness/world/sim/process.ts";
import { macrotaskPump } from "../../harness/world/sim/pump.ts";
import { Scheduler } from "../../harness/world/sim/scheduler.ts";
import { SimRandom } from "../../harness/world/sim/sim-random.ts";
import { barAtLeast, type Section, sampleOf, secondsOf } from "./measure.ts";

const COROUTINES = 10;

/** Ten coroutines that await random delays, through scheduler, log, hash and random streams. */
async function throughScheduler(events: number, pump = hostPump()): Promise<void> {
  const log = new EventLog();
  const scheduler = new Scheduler(log, { eventsMax: events, timeNsMax: Number.MAX_SAFE_INTEGER });
  const process = new Process(scheduler, "bench");
  const kind = log.kind("wait");
  const root = new SimRandom("bench");
  const walk = async (id: number): Promise<void> => {
    const random = root.fork(String(id));
    for (;;) {
      const delayNs = 1 + (random.next32() >>> 10);
      await new Promise<void>((resolve) => void scheduler.schedule(delayNs, process, kind, 0, 0, resolve));
    }
  };
  for (let id = 0; id < COROUTINES; id++) void walk(id);
  await scheduler.run(pump);
}

/** The yardstick: the same coroutines woken in turn by a bare queue of 256 `setImmediate`s, nothing else. */
function bareQueue(events: number): Promise<void> {
  const waiting: (() => void)[] = [];
  const walk = async (): Promise<void> => {
    for (;;) await new Promise<void>((resolve) => void waiting.push(resolve));
  };
  for (let id = 0; id < COROUTINES; id++) void walk();
  let fired = 0;
  return new Promise((resolve) => {
    const one = (): void => {
      fired++;
      waiting.shift()?.();
    };
    const refill = (): void => {
      if (fired >= events) {
        resolve();
        return;
      }
      for (let count = 0; count < 256; count++) setImmediate(one);
      setImmediate(refill);
    };
    refill();
  });
}

/** Async events a second of the scheduler, against the bare queue in the same run. */
export async function eventLoop(runs: number, events = 2_000_000): Promise<Section> {
  const rates = { host: [] as number[], macrotask: [] as number[], bare: [] as number[] };
  for (let run = -1; run < runs; run++) {
    const round = {
      host: events / (await secondsOf(() => throughScheduler(events))),
      macrotask: events / (await secondsOf(() => throughScheduler(events, macrotaskPump(setImmediate)))),
      bare: events / (await secondsOf(() => bareQueue(events))),
    };
    // The first round warms up.
    if (run < 0) continue;
    rates.host.push(round.host);
    rates.macrotask.push(round.macrotask);
    rates.bare.push(round.bare);
  }
  const host = sampleOf("resilver scheduler", "events/s", rates.host);
  const bare = sampleOf("256 setImmediates, one bare event each", "events/s", rates.bare);
  return {
    name: "event loop",
    how: `${COROUTINES} coroutines await random delays; hash, log and random streams on; ${events} events`,
    samples: [host, sampleOf("resilver scheduler, one event a macrotask", "events/s", rates.macrotask), bare],
    bars: [
      barAtLeast("3 million events a second", host.median / 3e6, 1),
      barAtLeast("against the bare queue", host.median / bare.median, 1),
    ],
    notes: [],
  };
}
