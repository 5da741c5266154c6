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
const UNSETTLED_MAX = 3;
/** Drawn at most, with those that have ties. */
const DRAWN_MAX = 1000;
const MS_MAX = 8 * 60_000;

const seed = Number(process.env["RESILVER_DIFFERENTIAL_SEED"] ?? Date.now() % 1_000_000);

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
    if (chosen.length === AGREE_MIN) break;
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
  const [first] = differing;
  if (first !== undefined) expect.fail(await shrunk(chosen[first[0]]?.[0] ?? 0, first[1]));
  expect(random.length).toBe(AGREE_MIN);
});

/** Never in silence, and never many. */
function tellUnsettled(unsettled: ReadonlyMap<number, readonly string[]>): void {
  for (const [index, found] of unsettled) console.log(`schedule ${index} differed once of three: ${found.join("; ")}`);
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
