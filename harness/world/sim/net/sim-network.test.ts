import { expect, test } from "vitest";
import { type Link, LinkError } from "../../../../engine/ports/index.ts";
import { NetworkError } from "./tcp/network-error.ts";
import { networkFixture } from "./sim-network.fixture.ts";

const NS_PER_MS = 1_000_000;
const latency = { latencyNsMin: 5 * NS_PER_MS };

/** Listens on `endpoint` and gives the links made, in order. */
function acceptAll(fixture: ReturnType<typeof networkFixture>, address = "b"): Link[] {
  const links: Link[] = [];
  fixture.b.endpoint.listen(address, (link) => links.push(link));
  return links;
}

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => (error instanceof LinkError ? error.code : error));
}

test("a message arrives after one latency, a connection after two", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    expect(fixture.nowMs).toBe(10);
    await link.write(Uint8Array.of(1));
    expect(await links[0]?.read()).toEqual(Uint8Array.of(1));
    expect(fixture.nowMs).toBe(15);
  });
});

test("a message on a free link costs one event", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    const before = fixture.log.count;
    for (let message = 0; message < 100; message++) {
      await link.write(Uint8Array.of(message));
      await links[0]?.read();
    }
    expect(fixture.log.count - before).toBe(100);
  });
});

test("a read gets 64 KiB at most, also one that waits for a greater packet", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    const waiting = links[0]?.read();
    await link.write(new Uint8Array(100 * 1024));
    expect((await waiting)?.length).toBe(64 * 1024);
    expect((await links[0]?.read())?.length).toBe(36 * 1024);
  });
});

test("a message through a proxy without toxics costs one event", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  fixture.network.proxy("p", { listen: "p", upstream: "b" });
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("p");
    await fixture.sleep(20);
    const before = fixture.log.count;
    for (let message = 0; message < 100; message++) {
      await link.write(Uint8Array.of(message));
      await links[0]?.read();
    }
    expect(fixture.log.count - before).toBe(100);
  });
});

test("the kernel of a killed process ends its connections: what it had taken arrives first", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    await link.write(new Uint8Array(1000));
    fixture.a.process.kill();
    expect((await links[0]?.read())?.length).toBe(1000);
    expect(await links[0]?.read()).toBeUndefined();
  });
});

test("killed with unread bytes: the peer gets a reset", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  await fixture.runBody(async () => {
    await fixture.a.endpoint.dial("b");
    await links[0]?.write(Uint8Array.of(1));
    await fixture.sleep(20);
    fixture.a.process.kill();
    expect(await outcome(links[0]?.read() as Promise<unknown>)).toBe("RESET");
    expect(await outcome(links[0]?.write(Uint8Array.of(1)) as Promise<unknown>)).toBe("RESET");
  });
});

test("a killed listener refuses; its next incarnation accepts", async () => {
  const fixture = networkFixture(latency);
  acceptAll(fixture);
  await fixture.runBody(async () => {
    fixture.b.process.kill();
    expect(await outcome(fixture.a.endpoint.dial("b"))).toBe("REFUSED");
    fixture.start("b").endpoint.listen("b", (link) => link.close());
    const link = await fixture.a.endpoint.dial("b");
    expect(await link.read()).toBeUndefined();
  });
});

test("nothing of a dead process goes on: no read, no dial, no listener answers it", async () => {
  const fixture = networkFixture(latency);
  acceptAll(fixture);
  const seen: string[] = [];
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    const see = (name: string) => (): void => void seen.push(name);
    void link.read().finally(see("read"));
    void fixture.a.endpoint.dial("b").finally(see("dial"));
    fixture.a.process.kill();
    void link.read().finally(see("late read"));
    void link.write(Uint8Array.of(1)).finally(see("late write"));
    await fixture.sleep(20_000);
  });
  expect(seen).toEqual([]);
});

test("power loss is silence: the peer stays half-open, and is reset once the host is back", async () => {
  const fixture = networkFixture({ ...latency, retransmitNs: 300 * NS_PER_MS });
  acceptAll(fixture);
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    fixture.network.powerLoss(fixture.b.process);
    fixture.b.process.kill();
    let ended = false;
    const read = outcome(link.read()).finally(() => {
      ended = true;
    });
    await link.write(Uint8Array.of(1));
    await fixture.sleep(60_000);
    expect(ended).toBe(false);
    fixture.start("b");
    expect(await read).toBe("RESET");
    expect(fixture.nowMs).toBe(60_310);
  });
});

test("an idle connection over a power loss is stale: only its next write finds out", async () => {
  const fixture = networkFixture(latency);
  acceptAll(fixture);
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    fixture.network.powerLoss(fixture.b.process);
    fixture.b.process.kill();
    fixture.start("b");
    await fixture.sleep(60_000);
    await link.write(Uint8Array.of(1));
    expect(await outcome(link.read())).toBe("RESET");
    expect(fixture.nowMs).toBe(60_020);
  });
});

test("dialling a host without power times out", async () => {
  const fixture = networkFixture({ ...latency, connectTimeoutNs: 3000 * NS_PER_MS });
  acceptAll(fixture);
  await fixture.runBody(async () => {
    fixture.network.powerLoss(fixture.b.process);
    fixture.b.process.kill();
    expect(await outcome(fixture.a.endpoint.dial("b"))).toBe("TIMEOUT");
    expect(fixture.nowMs).toBe(3000);
  });
});

test("dialling goes on until the host is back: 1 s, 2 s, 4 s between the tries", async () => {
  const fixture = networkFixture(latency);
  acceptAll(fixture);
  await fixture.runBody(async () => {
    fixture.network.powerLoss(fixture.b.process);
    fixture.b.process.kill();
    const dialling = outcome(fixture.a.endpoint.dial("b"));
    await fixture.sleep(4000);
    fixture.start("b");
    expect(await dialling).toBe("REFUSED");
    expect(fixture.nowMs).toBe(7010);
  });
});

test("the kernel of a paused process takes bytes up to its capacity; the process gets them on resuming", async () => {
  const fixture = networkFixture({ ...latency, sendBufferBytes: 1000, receiveBufferBytes: 2000 });
  const links = acceptAll(fixture);
  await fixture.runBody(async () => {
    const link = await fixture.a.endpoint.dial("b");
    let got = 0;
    const reading = links[0]?.read().then((bytes) => {
      got = bytes?.length ?? 0;
    });
    fixture.b.process.pause();
    await link.write(new Uint8Array(3000));
    let taken = false;
    const third = link.write(new Uint8Array(1)).then(() => {
      taken = true;
    });
    await fixture.sleep(1000);
    expect([got, taken]).toEqual([0, false]);
    fixture.b.process.resume();
    await reading;
    await third;
    expect(got).toBe(2000);
  });
});

test("a connection made while the listener is paused is taken on resuming", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  await fixture.runBody(async () => {
    fixture.b.process.pause();
    const link = await fixture.a.endpoint.dial("b");
    await link.write(Uint8Array.of(7));
    await fixture.sleep(100);
    expect(links.length).toBe(0);
    fixture.b.process.resume();
    await fixture.sleep(1);
    expect(await links[0]?.read()).toEqual(Uint8Array.of(7));
  });
});

test("sockets that are over are forgotten", async () => {
  const fixture = networkFixture(latency);
  const links = acceptAll(fixture);
  fixture.network.proxy("p", { listen: "p", upstream: "b" });
  await fixture.runBody(async () => {
    for (const address of ["b", "p", "b", "p"]) {
      const link = await fixture.a.endpoint.dial(address);
      await fixture.sleep(20);
      const accepted = links.at(-1) as Link;
      link.close();
      expect(await accepted.read()).toBeUndefined();
      accepted.close();
    }
    await fixture.sleep(100);
    for (const host of ["a", "b", "proxy:p"]) expect(fixture.network.host(host).sockets.size, host).toBe(0);
    expect(fixture.network.getProxy("p").connectionCount).toBe(0);
  });
});

test("an address has one listener; names are checked", async () => {
  const fixture = networkFixture();
  acceptAll(fixture);
  expect(() => acceptAll(fixture)).toThrow(NetworkError);
  expect(() => fixture.network.proxy("p", { listen: "b", upstream: "x" })).toThrow("listen: found b");
  expect(() => fixture.network.getProxy("q")).toThrow("proxy: found q");
  expect(() => networkFixture({ latencyNsMin: -1 })).toThrow("latencyNsMin: found -1");
  expect(() => networkFixture({ receiveBufferBytes: 0 })).toThrow("receiveBufferBytes: found 0");
});
