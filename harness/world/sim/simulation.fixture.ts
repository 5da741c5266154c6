import { EventLog } from "../../history/event-log.ts";
import { hostPump } from "./host-pump.ts";
import { Process } from "./process.ts";
import type { Pump } from "./pump.ts";
import { Scheduler, type SchedulerEnd, type SchedulerLimits } from "./scheduler.ts";

/** A scheduler with one process, for tests of this folder. */
export interface Simulation {
  readonly log: EventLog;
  readonly scheduler: Scheduler;
  readonly process: Process;
  /** Schedules `callback` in `delayNs`, kind "test", `a` as its label. */
  at(delayNs: number, a: number, callback: () => void, process?: Process): { cancel(): void };
  run(pump?: Pump): Promise<SchedulerEnd>;
}

export function simulation(limits: Partial<SchedulerLimits> = {}, retainEvents = 10_000): Simulation {
  const log = new EventLog(retainEvents);
  const scheduler = new Scheduler(log, { eventsMax: 100_000, timeNsMax: 1e15, ...limits });
  const process = new Process(scheduler, "node");
  const kind = log.kind("test", "label");
  return {
    log,
    scheduler,
    process,
    at: (delayNs, a, callback, owner = process) => scheduler.schedule(delayNs, owner, kind, a, 0, callback),
    run: (pump = hostPump()) => scheduler.run(pump),
  };
}
