import fc from "fast-check";
import { expect, test } from "vitest";
import type { Link } from "../../../../../engine/ports/index.ts";
import type { Direction } from "../../../world.ts";
import { proxied, readAll } from "./proxied.fixture.ts";
import type { Toxic } from "./toxic.ts";

const between = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

const passingToxic: fc.Arbitrary<Toxic> = fc.oneof(
  fc.constant<Toxic>({ type: "noop" }),
  fc.record({ type: fc.constant("latency" as const), latencyMs: between(0, 300), jitterMs: between(0, 200) }),
  fc.record({ type: fc.constant("bandwidth" as const), rateKBps: between(1, 50) }),
  fc.record({
    type: fc.constant("slicer" as const),
    averageSizeBytes: between(21, 300),
    sizeVariationBytes: between(0, 20),
    delayUs: between(0, 5000),
  }),
  fc.record({ type: fc.constant("slow_close" as const), delayMs: between(0, 300) }),
);

const cuttingToxic: fc.Arbitrary<Toxic> = fc.oneof(
  fc.record({ type: fc.constant("limit_data" as const), limitBytes: between(0, 3000) }),
  fc.record({ type: fc.constant("reset_peer" as const), timeoutMs: between(0, 300) }),
);

type Step =
  | { readonly do: "write"; readonly upstream: boolean; readonly sizeBytes: number }
  | { readonly do: "add"; readonly direction: Direction; readonly toxic: Toxic; readonly toxicity: number }
  | { readonly do: "remove"; readonly index: number }
  | { readonly do: "touch"; readonly index: number }
  | { readonly do: "wait"; readonly ms: number };

const steps = (toxic: fc.Arbitrary<Toxic>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant("write" as const),
          upstream: fc.boolean(),
          sizeBytes: between(1, 2000),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant("add" as const),
          direction: fc.constantFrom<Direction>("upstream", "downstream"),
          toxic,
          toxicity: fc.constantFrom(1, 0.5),
        }),
      },
      fc.record({ do: fc.constant("remove" as const), index: fc.nat(5) }),
      fc.record({ do: fc.constant("touch" as const), index: fc.nat(5) }),
      { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: between(1, 200) }) },
    ),
    { maxLength: 20 },
  );

interface Outcome {
  readonly sent: readonly [number[], number[]];
  readonly received: readonly [number[], number[]];
  readonly digest: string;
}

/** Plays `plan` on one connection, then closes it from the client's side, and from the server's at the end. */
async function play(plan: readonly Step[], seed: string): Promise<Outcome> {
  const { fixture, proxy, accepted, dial } = proxied(seed, { latencyNsMin: 100_000, latencyNsMax: 900_000 });
  const sent: [number[], number[]] = [[], []];
  let received: [number[], number[]] = [[], []];
  await fixture.runBody(async () => {
    const client = await dial();
    await fixture.sleep(5);
    const server = accepted[0] as Link;
    const reading = Promise.all([readAll(server), readAll(client)]);
    let added = 0;
    for (const step of plan) {
      if (step.do === "write") {
        const stream = step.upstream ? 0 : 1;
        const bytes = Uint8Array.from({ length: step.sizeBytes }, (_, index) => (sent[stream].length + index) * 31);
        sent[stream].push(...bytes);
        await (step.upstream ? client : server).write(bytes).catch(() => {});
      } else if (step.do === "add") await proxy.addToxic(`t${added++}`, step.direction, step.toxic, step.toxicity);
      else if (step.do === "wait") await fixture.sleep(step.ms);
      else {
        const victim = proxy.toxics[step.index];
        if (victim === undefined) continue;
        if (step.do === "remove") await proxy.removeToxic(victim.name);
        else await proxy.updateToxic(victim.name, victim.toxic, 1);
      }
    }
    // Long enough for everything to come through, so that the end takes nothing with it.
    await fixture.sleep(3_600_000);
    client.close();
    await fixture.sleep(60_000);
    server.close();
    const [atServer, atClient] = await reading;
    received = [atServer.bytes, atClient.bytes];
    await fixture.sleep(60_000);
    expect(proxy.connectionCount).toBe(0);
    expect(fixture.network.host("proxy:p").sockets.size).toBe(0);
  });
  return { sent, received, digest: fixture.log.digest };
}

test("toxics that pass bytes on pass each on once and in order, whatever changes", async () => {
  await fc.assert(
    fc.asyncProperty(steps(passingToxic), async (plan) => {
      const { sent, received } = await play(plan, "passing");
      expect(received).toEqual(sent);
    }),
    { seed: 11, numRuns: 150 },
  );
});

test("toxics that cut give a prefix of what was sent, whatever changes", async () => {
  await fc.assert(
    fc.asyncProperty(steps(fc.oneof(passingToxic, cuttingToxic)), async (plan) => {
      const { sent, received } = await play(plan, "cutting");
      for (const stream of [0, 1] as const)
        expect(received[stream]).toEqual(sent[stream].slice(0, received[stream].length));
    }),
    { seed: 12, numRuns: 150 },
  );
});

test("the same plan and seed give the same history", async () => {
  await fc.assert(
    fc.asyncProperty(steps(fc.oneof(passingToxic, cuttingToxic)), fc.string(), async (plan, seed) => {
      expect((await play(plan, seed)).digest).toBe((await play(plan, seed)).digest);
    }),
    { seed: 13, numRuns: 30 },
  );
});
