import fc from "fast-check";
import { expect, test } from "vitest";
import { SimRandom } from "../../sim-random.ts";
import { WireDelay } from "./wire-delay.ts";

test("delays keep within their bounds, or wait for the packet before; nothing overtakes", () => {
  fc.assert(
    fc.property(
      fc.nat(10_000_000),
      fc.nat(2 ** 35),
      fc.array(fc.nat(5_000_000)),
      fc.string(),
      (min, spread, gaps, seed) => {
        const delay = new WireDelay(min, min + spread, new SimRandom(seed));
        let nowNs = 0;
        let lastNs = 0;
        for (const gapNs of gaps) {
          nowNs += gapNs;
          const delayNs = delay.next(nowNs);
          expect(Number.isSafeInteger(delayNs)).toBe(true);
          expect(delayNs).toBeGreaterThanOrEqual(min);
          if (delayNs > min + spread) expect(nowNs + delayNs).toBe(lastNs);
          expect(nowNs + delayNs).toBeGreaterThanOrEqual(lastNs);
          lastNs = nowNs + delayNs;
        }
      },
    ),
    { seed: 14 },
  );
});

test("the delays of a range cover it", () => {
  const delay = new WireDelay(1_000_000, 10_000_000, new SimRandom("cover"));
  const delays = Array.from({ length: 1000 }, (_, index) => delay.next(index * 100_000_000));
  expect(Math.min(...delays)).toBeLessThan(1_100_000);
  expect(Math.max(...delays)).toBeGreaterThan(9_900_000);
});
