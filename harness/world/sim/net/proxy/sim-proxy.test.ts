import fc from "fast-check";
import { expect, test } from "vitest";
import { type Link, LinkError } from "../../../../../engine/ports/index.ts";
import { networkFixture } from "../sim-network.fixture.ts";
import type { SimProxy } from "./sim-proxy.ts";
import type { Direction, Toxic } from "./toxic.ts";

interface Proxied {
  readonly fixture: ReturnType<typeof networkFixture>;
  readonly proxy: SimProxy;
  readonly accepted: Link[];
  dial(): Promise<Link>;
}

function proxied(seed = "seed", options: Parameters<typeof networkFixture>[0] = {}): Proxied {
  const fixture = networkFixture(options, seed);
  const proxy = fixture.network.proxy("p", { listen: "p", upstream: "b" });
  const accepted: Link[] = [];
  fixture.b.endpoint.listen("b", (link) => accepted.push(link));
  return { fixture, proxy, accepted, dial: () => fixture.a.endpoint.dial("p") };
}

/** Reads until the end or a reset; gives the bytes and how it ended. */
async function readAll(link: Link): Promise<{ bytes: number[]; end: string }> {
  const bytes: number[] = [];
  try {
    for (let part = await link.read(); part !== undefined; part = await link.read()) bytes.push(...part);
    return { bytes, end: "fin" };
  } catch (error) {
    return { bytes, end: error instanceof LinkError ? error.code : String(error) };
  }
}

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
    { numRuns: 150 },
  );
});

test("toxics that cut give a prefix of what was sent, whatever changes", async () => {
  await fc.assert(
    fc.asyncProperty(steps(fc.oneof(passingToxic, cuttingToxic)), async (plan) => {
      const { sent, received } = await play(plan, "cutting");
      for (const stream of [0, 1] as const)
        expect(received[stream]).toEqual(sent[stream].slice(0, received[stream].length));
    }),
    { numRuns: 150 },
  );
});

test("the same plan and seed give the same history", async () => {
  await fc.assert(
    fc.asyncProperty(steps(fc.oneof(passingToxic, cuttingToxic)), fc.string(), async (plan, seed) => {
      expect((await play(plan, seed)).digest).toBe((await play(plan, seed)).digest);
    }),
    { numRuns: 30 },
  );
});

test("a hold keeps everything, counts it, and lets it go in order", async () => {
  const { fixture, proxy, accepted, dial } = proxied();
  await fixture.runBody(async () => {
    const client = await dial();
    await fixture.sleep(1);
    await proxy.hold("upstream");
    const sent = Uint8Array.from({ length: 500_000 }, (_, index) => index * 13);
    await client.write(sent);
    client.close();
    let end: string | undefined;
    const reading = readAll(accepted[0] as Link).then((all) => {
      end = all.end;
      return all.bytes;
    });
    await fixture.sleep(3_000_000);
    expect(end).toBeUndefined();
    expect(proxy.toxics[0]?.effects.bytesDelayed).toBeGreaterThan(0);
    await proxy.release("upstream");
    expect(await reading).toEqual([...sent]);
    expect(fixture.nowMs).toBe(3_000_001);
    expect(proxy.effectsOf("hold_upstream").bytesDelayed).toBeGreaterThan(0);
    expect(() => proxy.effectsOf("never")).toThrow("toxic: found never");
  });
});

test("down: refuses, closes, loses what is inside, and counts all three; up serves again", async () => {
  const { fixture, proxy, accepted, dial } = proxied();
  await fixture.runBody(async () => {
    await proxy.addToxic("slow", "upstream", { type: "latency", latencyMs: 100 });
    const client = await dial();
    await client.write(new Uint8Array(700));
    await fixture.sleep(50);
    await proxy.disable();
    expect(await client.read()).toBeUndefined();
    expect(await readAll(accepted[0] as Link)).toEqual({ bytes: [], end: "fin" });
    await expect(dial()).rejects.toMatchObject({ code: "REFUSED" });
    expect(proxy.effects).toMatchObject({
      connectionsAccepted: 1,
      connectionsRefused: 1,
      connectionsClosed: 1,
      bytesLost: 700,
      bytesUpstream: 0,
    });
    await proxy.enable();
    await (await dial()).write(new Uint8Array(5));
    await fixture.sleep(1);
    expect((await accepted[1]?.read())?.length).toBe(5);
    expect(proxy.effects).toMatchObject({ connectionsAccepted: 2, bytesUpstream: 5 });
  });
});

test("a deleted proxy is gone: its address refuses, its name is free", async () => {
  const { fixture, proxy, dial } = proxied();
  await fixture.runBody(async () => {
    await proxy.delete();
    await expect(dial()).rejects.toMatchObject({ code: "REFUSED" });
    fixture.network.proxy("p", { listen: "p", upstream: "b" });
    await dial();
  });
});

test("an upstream that refuses: the client sees a connection and its end", async () => {
  const { fixture, proxy, dial } = proxied();
  await fixture.runBody(async () => {
    fixture.b.process.kill();
    expect(await (await dial()).read()).toBeUndefined();
    expect(proxy.effects.dialsFailed).toBe(1);
  });
});

test("a black-holed upstream blocks later connections, and disabling too, until the dial gives up", async () => {
  const { fixture, proxy, dial } = proxied("seed", { connectTimeoutNs: 2_000_000_000 });
  await fixture.runBody(async () => {
    fixture.network.powerLoss(fixture.b.process);
    fixture.b.process.kill();
    const first = await dial();
    await proxy.disable();
    expect(fixture.nowMs).toBe(2000);
    expect(await first.read()).toBeUndefined();
  });
});

test("power loss of the upstream: half-open through the proxy, an end once the host is back", async () => {
  const { fixture, accepted, dial } = proxied("seed", { retransmitNs: 100_000_000 });
  await fixture.runBody(async () => {
    const client = await dial();
    await fixture.sleep(1);
    expect(accepted.length).toBe(1);
    fixture.network.powerLoss(fixture.b.process);
    fixture.b.process.kill();
    await client.write(Uint8Array.of(1));
    let ended = false;
    const read = client.read().finally(() => {
      ended = true;
    });
    await fixture.sleep(10_000);
    expect(ended).toBe(false);
    fixture.start("b");
    expect(await read).toBeUndefined();
    expect(fixture.nowMs).toBe(10_101);
  });
});

test("a change of toxics waits for a receiver that is stalled, and so does the next change", async () => {
  const small = { sendBufferBytes: 1000, receiveBufferBytes: 1000 };
  const { fixture, proxy, accepted, dial } = proxied("seed", small);
  await fixture.runBody(async () => {
    const client = await dial();
    const writing = client.write(new Uint8Array(9000));
    await fixture.sleep(100);
    const answered: string[] = [];
    const first = proxy.addToxic("x", "upstream", { type: "noop" }).then(() => answered.push("first"));
    const second = proxy.addToxic("y", "downstream", { type: "noop" }).then(() => answered.push("second"));
    await fixture.sleep(30_000);
    expect(answered).toEqual([]);
    expect(proxy.effectsOf("y").chunks).toBe(0);
    const reading = readAll(accepted[0] as Link);
    await Promise.all([first, second, writing]);
    expect(answered).toEqual(["first", "second"]);
    client.close();
    expect((await reading).bytes.length).toBe(9000);
  });
});

test("deleting a hold towards a stalled receiver loses a chunk every 5 s, as Toxiproxy does", async () => {
  const small = { sendBufferBytes: 1000, receiveBufferBytes: 1000 };
  const { fixture, proxy, accepted, dial } = proxied("seed", small);
  await fixture.runBody(async () => {
    await proxy.hold("upstream");
    const client = await dial();
    for (let chunk = 0; chunk < 8; chunk++) {
      await client.write(new Uint8Array(1000).fill(chunk));
      await fixture.sleep(10);
    }
    const reading = fixture.sleep(12_000).then(() => readAll(accepted[0] as Link));
    await proxy.release("upstream");
    client.close();
    const { bytes } = await reading;
    // Three have room: two kernel buffers and the writer. The fourth and the fifth give up after 5 s each.
    expect(bytes.filter((_, index) => index % 1000 === 0)).toEqual([0, 1, 2, 5, 6, 7]);
    expect(proxy.effects.bytesGivenUp).toBe(2000);
  });
});

test("toxicity: chance by seed, the same for the same connection, toxic and run", async () => {
  const hits = async (seed: string): Promise<string> => {
    const { fixture, proxy, dial } = proxied(seed);
    let pattern = "";
    await fixture.runBody(async () => {
      await proxy.addToxic("half", "upstream", { type: "limit_data", limitBytes: 0 }, 0.5);
      for (let connection = 0; connection < 60; connection++) {
        const link = await dial();
        await link.write(Uint8Array.of(1));
        let cut = "-";
        void link.read().then(() => {
          cut = "x";
        });
        await fixture.sleep(1);
        pattern += cut;
      }
    });
    return pattern;
  };
  const first = await hits("one");
  expect(await hits("one")).toBe(first);
  expect(await hits("two")).not.toBe(first);
  const count = first.split("x").length - 1;
  expect(count).toBeGreaterThan(15);
  expect(count).toBeLessThan(45);
});

test("jitter is uniform over −J … J−1, and changes no order", async () => {
  const { fixture, proxy, accepted, dial } = proxied();
  const delays: number[] = [];
  await fixture.runBody(async () => {
    await proxy.addToxic("jitter", "upstream", { type: "latency", latencyMs: 100, jitterMs: 20 });
    const client = await dial();
    await fixture.sleep(1);
    for (let message = 0; message < 2000; message++) {
      const sentMs = fixture.nowMs;
      await client.write(Uint8Array.of(message));
      await accepted[0]?.read();
      delays.push(fixture.nowMs - sentMs);
    }
  });
  expect([Math.min(...delays), Math.max(...delays)]).toEqual([80, 119]);
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
  expect(mean).toBeGreaterThan(98);
  expect(mean).toBeLessThan(101);
});

const refused: readonly (readonly [Toxic, string])[] = [
  [{ type: "bandwidth", rateKBps: 0 }, "rateKBps: found 0"],
  [{ type: "bandwidth", rateKBps: 1.5 }, "rateKBps: found 1.5"],
  [{ type: "latency", latencyMs: -1 }, "latencyMs: found -1"],
  [{ type: "latency", latencyMs: 1, jitterMs: Number.NaN }, "jitterMs: found NaN"],
  [{ type: "slicer", averageSizeBytes: 0 }, "averageSizeBytes: found 0"],
  [{ type: "slicer", averageSizeBytes: 10, sizeVariationBytes: 10 }, "sizeVariationBytes: found 10"],
  [{ type: "limit_data", limitBytes: -1 }, "limitBytes: found -1"],
  [{ type: "timeout", timeoutMs: 0.5 }, "timeoutMs: found 0.5"],
  [{ type: "down" } as unknown as Toxic, 'toxic type: found "down"'],
];

test.each(refused)("refuses %j", async (toxic, message) => {
  await expect(proxied().proxy.addToxic("x", "upstream", toxic)).rejects.toThrow(message);
});

test("refuses a toxicity beyond 1, a name in use, an unknown name, a change of type", async () => {
  const { proxy } = proxied();
  const noop: Toxic = { type: "noop" };
  await expect(proxy.addToxic("x", "upstream", noop, 7)).rejects.toThrow("toxicity: found 7");
  await proxy.addToxic("x", "upstream", noop);
  await expect(proxy.addToxic("x", "downstream", noop)).rejects.toMatchObject({ code: "DUPLICATE_NAME" });
  await expect(proxy.removeToxic("y")).rejects.toMatchObject({ code: "UNKNOWN_NAME" });
  await expect(proxy.updateToxic("x", { type: "timeout", timeoutMs: 1 })).rejects.toMatchObject({ code: "PARAMETER" });
});

test("through two proxies in line", async () => {
  const { fixture, accepted } = proxied();
  fixture.network.proxy("q", { listen: "q", upstream: "p" });
  await fixture.runBody(async () => {
    const client = await fixture.a.endpoint.dial("q");
    await client.write(Uint8Array.of(1, 2, 3));
    await fixture.sleep(1);
    expect(await accepted[0]?.read()).toEqual(Uint8Array.of(1, 2, 3));
    await accepted[0]?.write(Uint8Array.of(4));
    expect(await client.read()).toEqual(Uint8Array.of(4));
    client.close();
    expect(await accepted[0]?.read()).toBeUndefined();
  });
});
