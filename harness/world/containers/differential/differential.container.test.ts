import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { schedules } from "../../sim/net/recorded/schedules.ts";
import type { Schedule } from "../../sim/net/recorded/schedule.ts";
import { TOXIPROXY_IMAGE, TOXIPROXY_VERSION } from "../base-images.ts";
import { ContainerRuntime } from "../runtime/container-runtime.ts";
import { ToxiproxyApi } from "../toxiproxy/toxiproxy-api.ts";
import { Canary } from "./canary.ts";
import { compareLive } from "./compare-live.ts";
import { hasTies } from "./has-ties.ts";
import { randomSchedule } from "./random-schedule.ts";

const AGREE_MIN = 300;
/** Drawn at most, with those that have ties. */
const DRAWN_MAX = 1000;
const MS_MAX = 8 * 60_000;

const seed = Number(process.env["RESILVER_DIFFERENTIAL_SEED"] ?? Date.now() % 1_000_000);

let runtime: ContainerRuntime;
let url: string;
let canary: Canary;

// On the network of this machine: through published ports a refusal would be an end, and so would a reset.
beforeAll(async () => {
  runtime = await ContainerRuntime.connect();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await runtime.start({
    name: "toxiproxy",
    image: TOXIPROXY_IMAGE,
    command: ["-host=127.0.0.1", `-port=${port}`],
    environment: { LOG_LEVEL: "error" },
    network: "host",
    ports: [],
    ready: async () => (await fetch(`${url}/version`).catch(() => undefined))?.ok === true,
  });
  const api = new ToxiproxyApi(url);
  expect(await api.version()).toBe(TOXIPROXY_VERSION);
  canary = await Canary.start(api, "canary");
});

afterAll(async () => {
  canary.stop();
  await runtime.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("every schedule that was recorded: the simulated network does what this Toxiproxy does", {
  timeout: MS_MAX,
}, async () => {
  const { differing, repeated } = await compareLive(url, schedules, canary);
  console.log(`${schedules.length} schedules; runs repeated because the machine was held up: ${repeated}`);
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
  const { differing, repeated } = await compareLive(url, random, canary);
  console.log(
    `seed ${seed}: ${random.length - differing.size} of ${random.length} random schedules agree; ` +
      `left out because of ties: ${ties}; runs repeated because the machine was held up: ${repeated}`,
  );
  const [first] = differing;
  if (first !== undefined) expect.fail(await shrunk(chosen[first[0]]?.[0] ?? 0, first[1]));
  expect(random.length).toBe(AGREE_MIN);
});

/** The smallest schedule found, one run after the other, that differs too. */
async function shrunk(index: number, found: readonly string[]): Promise<string> {
  const law = fc.asyncProperty(randomSchedule, async (schedule: Schedule) => {
    if (await hasTies(schedule)) return;
    const { differing } = await compareLive(url, [schedule], canary);
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
