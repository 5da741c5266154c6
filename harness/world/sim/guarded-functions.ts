import type { OwnerPath } from "./patches.ts";

/** One door to the host that is shut inside a run. */
export interface GuardedFunction {
  readonly owner: OwnerPath;
  readonly property: string;
  /** How the error names it. */
  readonly what: string;
  readonly remedy: string;
  readonly as: "function" | "getter" | "constructor";
}

const CLOCK = "the Clock port";
const RANDOM = "the Random port";

/** Functions of one owner, by one remedy. */
function functions(owner: OwnerPath, prefix: string, remedy: string, names: readonly string[]): GuardedFunction[] {
  return names.map((property) => ({ owner, property, what: `${prefix}${property}()`, remedy, as: "function" }));
}

const TIMERS = ["setTimeout", "setInterval", "setImmediate"];

/**
 * Every way to the host's time, randomness and timers that code in a run could take. Owners that a
 * runtime lacks are passed over. `Date` comes after its own functions: it copies them.
 */
export const GUARDED: readonly GuardedFunction[] = [
  ...functions(["Date"], "Date.", CLOCK, ["now"]),
  { owner: [], property: "Date", what: "Date without arguments", remedy: CLOCK, as: "constructor" },
  ...functions(["Temporal", "Now"], "Temporal.Now.", CLOCK, [
    "instant",
    "plainDateISO",
    "plainDateTimeISO",
    "plainTimeISO",
    "zonedDateTimeISO",
  ]),
  ...functions(["performance"], "performance.", CLOCK, ["now", "mark", "measure"]),
  ...functions([], "", CLOCK, [...TIMERS, "requestAnimationFrame", "requestIdleCallback"]),
  ...functions(["node:timers"], "node:timers ", CLOCK, TIMERS),
  ...functions(["node:timers/promises"], "node:timers/promises ", CLOCK, TIMERS),
  ...functions(["process"], "process.", CLOCK, ["hrtime", "uptime", "cpuUsage"]),
  ...functions(["process", "hrtime"], "process.hrtime.", CLOCK, ["bigint"]),
  ...functions(["Math"], "Math.", RANDOM, ["random"]),
  ...functions(["crypto"], "crypto.", RANDOM, ["getRandomValues", "randomUUID"]),
  {
    owner: ["crypto"],
    property: "subtle",
    what: "crypto.subtle",
    remedy: "code that settles in the run",
    as: "getter",
  },
  // Its own getRandomValues and subtle are those of `crypto`, looked up at each call.
  ...functions(["node:crypto"], "node:crypto ", RANDOM, [
    "randomBytes",
    "randomFill",
    "randomFillSync",
    "randomInt",
    "randomUUID",
    "generateKey",
    "generateKeyPair",
    "generateKeyPairSync",
    "generateKeySync",
  ]),
];
