import { describe, test } from "vitest";
import { type LinksUnderTest, linkConformance } from "../../../../../engine/ports/link.conformance.ts";
import type { NetworkOptions } from "./network-options.ts";
import { networkFixture } from "../sim-network.fixture.ts";
import type { Toxic } from "../proxy/toxic.ts";

const networks: Record<string, Partial<NetworkOptions>> = {
  "no latency": {},
  "random latency": { latencyNsMin: 1_000_000, latencyNsMax: 10_000_000 },
  "tiny buffers": { latencyNsMin: 500_000, sendBufferBytes: 1000, receiveBufferBytes: 4097 },
};

function open(options: Partial<NetworkOptions>, toxics?: readonly Toxic[]): LinksUnderTest {
  const { network, a, b, runBody, sleep } = networkFixture(options);
  let toxicCount = 0;
  if (toxics !== undefined) {
    const proxy = network.proxy("ab", { listen: "proxy", upstream: "b" });
    for (const toxic of toxics) {
      void proxy.addToxic(`up${toxicCount++}`, "upstream", toxic);
      void proxy.addToxic(`down${toxicCount++}`, "downstream", toxic);
    }
  }
  return {
    dialler: a.endpoint,
    listener: b.endpoint,
    listenAddress: "b",
    dialAddress: toxics === undefined ? "b" : "proxy",
    refusedAddress: "nobody",
    run: runBody,
    quiet: () => sleep(300_000),
    reset: () => {
      for (const socket of [...network.host("b").sockets]) {
        socket.lingerZero = true;
        socket.close();
      }
    },
  };
}

describe.each(Object.entries(networks))("direct, %s", (_, options) => {
  linkConformance({ test, open: () => open(options) });
});

const chains: Record<string, readonly Toxic[]> = {
  "no toxic": [],
  latency: [{ type: "latency", latencyMs: 20, jitterMs: 15 }],
  bandwidth: [{ type: "bandwidth", rateKBps: 5000 }],
  slicer: [{ type: "slicer", averageSizeBytes: 3000, sizeVariationBytes: 2000, delayUs: 10 }],
  everything: [
    { type: "noop" },
    { type: "latency", latencyMs: 3 },
    { type: "slicer", averageSizeBytes: 8000 },
    { type: "bandwidth", rateKBps: 100_000 },
    { type: "limit_data", limitBytes: 2 ** 40 },
    { type: "slow_close", delayMs: 30 },
    { type: "latency", latencyMs: 5, jitterMs: 5 },
  ],
};

describe.each(Object.entries(chains))("through a proxy, %s", (_, toxics) => {
  linkConformance({
    test,
    open: () => open({ latencyNsMin: 100_000 }, toxics),
    lacks: {
      refusal: "a proxy accepts before it dials",
      reset: "a proxy makes an orderly end of a reset",
    },
  });
});
