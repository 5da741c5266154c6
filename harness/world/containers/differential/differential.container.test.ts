import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { schedules } from "../../sim/net/recorded/schedules.ts";
import type { Schedule } from "../../sim/net/recorded/schedule.ts";
import { ContainerRuntime } from "../runtime/container-runtime.ts";
import { compareLive } from "./compare-live.ts";
import { hasTies } from "./has-ties.ts";
import { LiveServer } from "./live-server.ts";
import { randomSchedule } from "./random-schedule.ts";

const AGREE_MIN = 300;
/**
 * One class of difference is known and not mended: when a toxic is taken away while two chunks wait in front of it, the
 * real server lets the second pass as well before it answers; the simulated one interrupts first. About one random
 * schedule in 300 has it. More than these, or fewer than 300 that agree, is a failure.
 */
const KNOWN_MAX = 3;
const UNSETTLED_MAX = 3;
/** Drawn at most, with those that have ties. */
const DRAWN_MAX = 1000;
const MS_MAX = 8 * 60_000;

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
  for (const crash of server.crashes) console.log(`Toxiproxy crashed, and was started again:\n${crash}`);
  await runtime.close();
});

test("every schedule that was recorded: the simulated network does what this Toxiproxy does", {
  timeout: MS_MAX,
}, async () => {
  const { differing, unsettled, repeated } = await compareLive(server, schedules);
  console.log(`${schedules.length} schedules; runs repeated because the machine was held up: ${repeated}`);
  tellUnsettled(unsettled);
  expect([...differing].map(([index, found]) => `${schedules[index]?.name}: ${found.join("; ")}`)).toEqual([]);
});

test("random chains with live changes agree", { timeout: MS_MAX }, async () => {
  const drawn = fc.sample(randomSchedule, { seed, numRuns: DRAWN_MAX, unbiased: true });
  const chosen: [number, Schedule][] = [];
  let ties = 0;
  for (const [index, schedule] of drawn.entries()) {
    if (chosen.length === AGREE_MIN + KNOWN_MAX) break;
    if (await hasTies(schedule)) ties++;
    else chosen.push([index, schedule]);
  }
  const random = chosen.map(([, schedule]) => schedule);
  const { differing, unsettled, repeated } = await compareLive(server, random);
  console.log(
    `seed ${seed}: ${random.length - differing.size} of ${random.length} random schedules agree; ` +
      `left out because of ties: ${ties}; runs repeated because the machine was held up: ${repeated}`,
  );
  tellUnsettled(unsettled);
  for (const [index, found] of differing) console.log(`schedule ${chosen[index]?.[0]} differs: ${found.join("; ")}`);
  const [first] = differing;
  if (first !== undefined && differing.size > KNOWN_MAX)
    expect.fail(await shrunk(chosen[first[0]]?.[0] ?? 0, first[1]));
  expect(random.length - differing.size).toBeGreaterThanOrEqual(AGREE_MIN);
});

/** Never in silence, and never many. */
function tellUnsettled(unsettled: ReadonlyMap<number, readonly string[]>): void {
  for (const [index, found] of unsettled)
    console.log(`schedule ${index} comes out one way or the other: ${found.join("; ")}`);
  expect(unsettled.size).toBeLessThanOrEqual(UNSETTLED_MAX);
}

/** The smallest schedule found, one run after the other, that differs too. */
async function shrunk(index: number, found: readonly string[]): Promise<string> {
  const law = fc.asyncProperty(randomSchedule, async (schedule: Schedule) => {
    if (await hasTies(schedule)) return;
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
