import { expect, test } from "vitest";
import type { Link } from "../../../../../engine/ports/index.ts";
import { proxied, readAll } from "./proxied.fixture.ts";

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

test("an idle connection to an upstream without power: the proxy's probes end it, sooner or later", async () => {
  for (const [backMs, endMs] of [
    [20_000, 30_001],
    [undefined, 150_001],
  ] as const) {
    const { fixture, dial } = proxied();
    await fixture.runBody(async () => {
      const client = await dial();
      await fixture.sleep(1);
      fixture.network.powerLoss(fixture.b.process);
      fixture.b.process.kill();
      if (backMs !== undefined) void fixture.sleep(backMs).then(() => fixture.start("b"));
      expect(await client.read()).toBeUndefined();
      expect(fixture.nowMs).toBe(endMs);
    });
  }
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

test("a slicer that is taken away behind its last piece sends nothing, also where the receiver has gone", async () => {
  const { fixture, proxy, accepted, dial } = proxied();
  await fixture.runBody(async () => {
    await proxy.addToxic("pieces", "upstream", { type: "slicer", averageSizeBytes: 8, delayUs: 50_000 });
    const client = await dial();
    await client.write(new Uint8Array(4));
    await fixture.sleep(1);
    fixture.b.process.kill();
    await fixture.sleep(5);
    await proxy.removeToxic("pieces");
    expect(proxy.effects).toMatchObject({ bytesUpstream: 4 });
    expect(accepted.length).toBe(1);
  });
});
