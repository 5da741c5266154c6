import type { Direction } from "../../../world.ts";
import type { Toxic } from "../proxy/toxic.ts";
import type { Action, Schedule, ScheduledToxic, Side } from "./schedule.ts";

// Short names for what schedules are made of.

export const connect: Action = { atMs: 0, do: "connect" };
export const client = "client" as const;
export const server = "server" as const;
export const upstream = "upstream" as const;
export const downstream = "downstream" as const;

export const at = (atMs: number, side: Side, what: "finish" | "close" | "reset" | "pause" | "resume"): Action => ({
  atMs,
  do: what,
  side,
});
export const write = (atMs: number, side: Side, sizeBytes: number, connection = 0): Action => ({
  atMs,
  do: "write",
  side,
  sizeBytes,
  connection,
});
export const named = (name: string, direction: Direction, toxic: Toxic, toxicity = 1): ScheduledToxic => ({
  name,
  direction,
  toxic,
  toxicity,
});
export const add = (atMs: number, toxic: ScheduledToxic): Action => ({ atMs, do: "addToxic", ...toxic });
export const update = (atMs: number, name: string, toxic: Toxic, toxicity = 1): Action => ({
  atMs,
  do: "updateToxic",
  name,
  toxic,
  toxicity,
});
export const remove = (atMs: number, name: string): Action => ({ atMs, do: "removeToxic", name });
export const proxy = (atMs: number, what: "enable" | "disable" | "delete" | "resetAll" | "restart"): Action => ({
  atMs,
  do: what,
});
export const listener = (atMs: number, what: "stopServer" | "startServer"): Action => ({ atMs, do: what });

export const latency = (latencyMs: number): Toxic => ({ type: "latency", latencyMs });
export const bandwidth = (rateKBps: number): Toxic => ({ type: "bandwidth", rateKBps });
export const slicer = (averageSizeBytes: number, delayUs: number): Toxic => ({ type: "slicer", averageSizeBytes, delayUs });
export const limit = (limitBytes: number): Toxic => ({ type: "limit_data", limitBytes });
export const timeout = (timeoutMs: number): Toxic => ({ type: "timeout", timeoutMs });
export const slowClose = (delayMs: number): Toxic => ({ type: "slow_close", delayMs });
export const resetPeer = (timeoutMs: number): Toxic => ({ type: "reset_peer", timeoutMs });
export const noop: Toxic = { type: "noop" };

export const schedule = (
  name: string,
  untilMs: number,
  toxics: readonly ScheduledToxic[],
  actions: readonly Action[],
  more: Partial<Pick<Schedule, "toleranceMs" | "compare">> = {},
): Schedule => ({ name, toxics, actions: [connect, ...actions], untilMs, ...more });
