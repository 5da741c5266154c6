import fc from "fast-check";
import type { Toxic } from "../../sim/net/proxy/toxic.ts";
import type { Action, Schedule, ScheduledToxic } from "../../sim/net/recorded/schedule.ts";
import type { Direction } from "../../world.ts";

const TOLERANCE_MS = 40;
/** How much longer than asked Toxiproxy waits after each slice. */
const SLICE_MS = 0.8;
const QUIET_MS = 1200;

const direction = fc.constantFrom<Direction>("upstream", "downstream");

const toxic: fc.Arbitrary<Toxic> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(70, 130, 210, 330).map((latencyMs): Toxic => ({ type: "latency", latencyMs })),
  },
  { weight: 3, arbitrary: fc.constantFrom(7, 13, 29, 53).map((rateKBps): Toxic => ({ type: "bandwidth", rateKBps })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(300, 700), fc.constantFrom(11_000, 23_000))
      .map(([averageSizeBytes, delayUs]): Toxic => ({ type: "slicer", averageSizeBytes, delayUs })),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 500, max: 9000 }).map((limitBytes): Toxic => ({ type: "limit_data", limitBytes })),
  },
  { weight: 2, arbitrary: fc.constantFrom(90, 170).map((delayMs): Toxic => ({ type: "slow_close", delayMs })) },
  { weight: 1, arbitrary: fc.constantFrom(0, 147, 263).map((timeoutMs): Toxic => ({ type: "timeout", timeoutMs })) },
  { weight: 1, arbitrary: fc.constantFrom(0, 83).map((timeoutMs): Toxic => ({ type: "reset_peer", timeoutMs })) },
  { weight: 2, arbitrary: fc.constant<Toxic>({ type: "noop" }) },
);

const newToxic = fc.record({ direction, toxic });

type Step =
  | { readonly do: "write"; readonly to: Direction; readonly sizeBytes: number }
  | { readonly do: "add"; readonly slot: { readonly direction: Direction; readonly toxic: Toxic } }
  /** `victim` modulo the toxics that are there. Another toxic of the same type, or the same again. */
  | { readonly do: "update"; readonly victim: number; readonly toxic: Toxic }
  | { readonly do: "remove"; readonly victim: number }
  | { readonly do: "cut" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      to: direction,
      sizeBytes: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("add" as const), slot: newToxic }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("update" as const), victim: fc.nat(), toxic }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), victim: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "cut" }) },
);

/** A step and the time until the next. Times keep apart: a schedule with ties is as good as none. */
const timed = fc.record({ step, gapMs: fc.integer({ min: 41, max: 97 }) });

/** Chains of toxics both ways, with data and live changes, and an end from either side. */
export const randomSchedule: fc.Arbitrary<Schedule> = fc
  .record({
    chain: fc.array(newToxic, { maxLength: 3 }),
    steps: fc.array(timed, { minLength: 2, maxLength: 9 }),
    endedBy: fc.constantFrom("client" as const, "server" as const),
  })
  .map(({ chain, steps, endedBy }) => {
    let added = 0;
    const toxics = chain.map((slot): ScheduledToxic => ({ name: `t${added++}`, ...slot }));
    const live = [...toxics];
    const actions: Action[] = [{ atMs: 0, do: "connect" }];
    let atMs = 60;
    for (const { step: each, gapMs } of steps) {
      const action = actionOf(each, live, () => `t${added++}`);
      if (action !== undefined) actions.push({ atMs, ...action });
      atMs += gapMs;
    }
    actions.push({ atMs, do: "finish", side: endedBy });
    const toleranceMs = TOLERANCE_MS + Math.round(slicesOf(toxics, actions) * SLICE_MS);
    return { name: "random", toxics, actions, untilMs: atMs + QUIET_MS, toleranceMs };
  });

type Untimed<A> = A extends unknown ? Omit<A, "atMs"> : never;

function actionOf(step: Step, live: ScheduledToxic[], newName: () => string): Untimed<Action> | undefined {
  switch (step.do) {
    case "write":
      return { do: "write", side: step.to === "upstream" ? "client" : "server", sizeBytes: step.sizeBytes };
    case "add": {
      const slot = { name: newName(), ...step.slot };
      live.push(slot);
      return { do: "addToxic", ...slot };
    }
    case "update": {
      const victim = live[step.victim % Math.max(1, live.length)];
      if (victim === undefined) return undefined;
      const toxic = step.toxic.type === victim.toxic.type ? step.toxic : victim.toxic;
      return { do: "updateToxic", name: victim.name, toxic };
    }
    case "remove": {
      const [victim] = live.splice(step.victim % Math.max(1, live.length), 1);
      return victim === undefined ? undefined : { do: "removeToxic", name: victim.name };
    }
    case "cut":
      return { do: "disable" };
  }
}

/** An upper bound of the slices that one chain cuts. */
function slicesOf(toxics: readonly ScheduledToxic[], actions: readonly Action[]): number {
  let bytes = 0;
  let smallestBytes = Number.POSITIVE_INFINITY;
  const see = (toxic: Toxic): void => {
    if (toxic.type === "slicer") smallestBytes = Math.min(smallestBytes, toxic.averageSizeBytes);
  };
  for (const { toxic } of toxics) see(toxic);
  for (const action of actions) {
    if (action.do === "write") bytes += action.sizeBytes;
    else if (action.do === "addToxic" || action.do === "updateToxic") see(action.toxic);
  }
  return Math.ceil((2 * bytes) / smallestBytes);
}
