import { expect, test } from "vitest";
import { proxied } from "./proxied.fixture.ts";
import type { Toxic } from "./toxic.ts";

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
