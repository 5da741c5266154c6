import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { panics } from "../../sim/net/recorded/contested-schedules.ts";
import { runLive } from "../../sim/net/recorded/live-run.node.ts";
import { schedules } from "../../sim/net/recorded/schedules.ts";
import type { Schedule } from "../../sim/net/recorded/schedule.ts";
import { ContainerRuntime } from "../runtime/container-runtime.ts";
import { whyNotCompared } from "./comparable.ts";
import { compareLive, DISTURBANCE_MS_MAX } from "./compare-live.ts";
import { LiveServer } from "./live-server.ts";
import { randomSchedule } from "./random-schedule.ts";

const SCHEDULES = 300;
/** Drawn at most, with those that compare nothing. */
const DRAWN_MAX = 1000;
const MS_MAX = 8 * 60_000;
const PANIC_ATTEMPTS_MAX = 10;

/** The same every day; another one looks further. */
const seed = Number(process.env["RESILVER_DIFFERENTIAL_SEED"] ?? 1);

let runtime: ContainerRuntime;
let server: LiveServer;

beforeAll(async () => {
  runtime = await ContainerRuntime.connect();
  server = await LiveServer.start(runtime);
});

afterAll(async () => {
  server.stop();
  await runtime.close();
});

test("every schedule that was recorded: the simulated network does what this Toxiproxy does", {
  timeout: MS_MAX,
}, async () => {
  const { differing, drawn, repeated } = await compareLive(server, schedules);
  console.log(`${schedules.length} schedules; runs repeated because the machine was held up: ${repeated.length}`);
  tell(drawn);
  expect([...differing].map(([index, found]) => `${schedules[index]?.name}: ${found.join("; ")}`)).toEqual([]);
  expect(server.crashes).toEqual([]);
});

test("random chains with live changes agree", { timeout: MS_MAX }, async () => {
  const chosen: [number, Schedule][] = [];
  const leftOut = { ties: 0, lots: 0, panics: 0 };
  for (const [index, schedule] of fc.sample(randomSchedule, { seed, numRuns: DRAWN_MAX, unbiased: true }).entries()) {
    if (chosen.length === SCHEDULES) break;
    const why = await whyNotCompared(schedule);
    if (why === undefined) chosen.push([index, schedule]);
    else leftOut[why]++;
  }
  const random = chosen.map(([, schedule]) => schedule);
  expect(random.length).toBe(SCHEDULES);
  const { differing, drawn, repeated } = await compareLive(server, random);
  console.log(
    `seed ${seed}: ${random.length - differing.size} of ${random.length} random schedules agree; ` +
      `left out: ${JSON.stringify(leftOut)}; runs repeated because the machine was held up: ${repeated.length}`,
  );
  for (const each of repeated) console.log(`repeated: ${each}`);
  tell(drawn);
  for (const [index, found] of differing) console.log(`schedule ${chosen[index]?.[0]} differs: ${found.join("; ")}`);
  const [first] = differing;
  // None was chosen of which the simulated network says that Toxiproxy panics.
  expect(server.crashes).toEqual([]);
  if (first !== undefined) expect.fail(await shrunk(chosen[first[0]]?.[0] ?? 0, first[1]));
});

test.each(panics)("$schedule.name: Toxiproxy panics, as the simulated network says", async ({ schedule, found }) => {
  expect(await whyNotCompared(schedule)).toBe("panics");
  for (let attempt = 1; attempt <= PANIC_ATTEMPTS_MAX; attempt++) {
    const fromMs = performance.now();
    await runLive(server.url, schedule, `panics${attempt}`).catch(() => undefined);
    if (await server.revived()) break;
    // A machine that is held up may do things in another order, and only then it may go well.
    expect(server.canary.disturbanceMs(fromMs, performance.now())).toBeGreaterThan(DISTURBANCE_MS_MAX);
  }
  expect(server.crashes.splice(0).join("\n")).toContain(found);
});

function tell(drawn: ReadonlyMap<number, string>): void {
  for (const [index, which] of drawn) console.log(`schedule ${index} draws lots: it was ${which}`);
}

/** The smallest schedule found, one run after the other, that differs too. */
async function shrunk(index: number, found: readonly string[]): Promise<string> {
  const law = fc.asyncProperty(randomSchedule, async (schedule: Schedule) => {
    if ((await whyNotCompared(schedule)) !== undefined) return;
    const { differing } = await compareLive(server, [schedule]);
    const differences = differing.get(0);
    if (differences !== undefined) throw new Error(differences.join("\n"));
  });
  const run = await fc.check(law, {
    seed,
    path: String(index),
    unbiased: true,
    interruptAfterTimeLimit: 60_000,
    markInterruptAsFailure: false,
  });
  const smallest = JSON.stringify(run.counterexample?.[0] ?? "it did not differ again");
  return (
    `schedule ${index} of seed ${seed} differs; RESILVER_DIFFERENTIAL_SEED=${seed} repeats it:\n` +
    `${found.join("\n")}\nsmallest: ${smallest}`
  );
}
