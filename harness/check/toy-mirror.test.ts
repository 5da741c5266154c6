import fc from "fast-check";
import { expect, test } from "vitest";
import type { Invariant } from "../history/run-record.ts";
import { failed } from "./stage.fixture.ts";
import { type System, type ToyBug, ToyMirror } from "./toy-mirror.fixture.ts";

type Step = (mirror: ToyMirror) => void;

const system = fc.constantFrom<System>("a", "b");
const range = fc.record({ sector: fc.integer({ min: 0, max: 28 }), count: fc.integer({ min: 1, max: 4 }) });
const crashKind = fc.constantFrom("kill", "power");

/** One thing that happens, with the text that a counterexample shows. */
const step = <T>(
  name: string,
  values: fc.Arbitrary<T>,
  act: (mirror: ToyMirror, value: T) => void,
): fc.Arbitrary<Step> =>
  values.map((value) => {
    const one: Step = (mirror) => act(mirror, value);
    return Object.assign(one, { toString: () => `${name} ${JSON.stringify(value)}` });
  });

const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: step("write", fc.tuple(system, range), (mirror, [at, { sector, count }]) =>
        mirror.write(at, sector, count),
      ),
    },
    {
      weight: 2,
      arbitrary: step("trim", fc.tuple(system, range), (mirror, [at, { sector, count }]) =>
        mirror.trim(at, sector, count),
      ),
    },
    {
      weight: 4,
      arbitrary: step("read", fc.tuple(system, range), (mirror, [at, { sector, count }]) =>
        mirror.read(at, sector, count),
      ),
    },
    { weight: 3, arbitrary: step("flush", system, (mirror, at) => mirror.flush(at)) },
    {
      weight: 4,
      arbitrary: step(
        "writeCutOff",
        fc.tuple(system, range, fc.nat(4), fc.nat(4), crashKind),
        (mirror, [at, { sector, count }, here, there, kind]) =>
          mirror.writeCutOff(at, sector, count, Math.min(here, count), Math.min(there, count), kind),
      ),
    },
    { weight: 6, arbitrary: step("deliver", fc.nat(3), (mirror, count) => mirror.deliver(count)) },
    { weight: 2, arbitrary: step("settle", fc.constant(0), (mirror) => mirror.settle()) },
    { weight: 2, arbitrary: step("cut", fc.constant(0), (mirror) => mirror.cut()) },
    { weight: 3, arbitrary: step("heal", fc.constant(0), (mirror) => mirror.heal()) },
    { weight: 6, arbitrary: step("copy", fc.nat(8), (mirror, count) => mirror.copy(count)) },
    {
      weight: 2,
      arbitrary: step("crash", fc.tuple(system, crashKind), (mirror, [at, kind]) => mirror.crash(at, kind)),
    },
    { weight: 4, arbitrary: step("restart", system, (mirror, at) => mirror.restart(at)) },
    { weight: 1, arbitrary: step("split", system, (mirror, at) => mirror.split(at)) },
    {
      weight: 2,
      arbitrary: step(
        "resync",
        fc.tuple(system, fc.constantFrom("forward", "reverse", undefined)),
        (mirror, [at, way]) => mirror.resync(at, way),
      ),
    },
    { weight: 2, arbitrary: step("takeover", system, (mirror, at) => mirror.takeover(at)) },
    { weight: 1, arbitrary: step("failback", system, (mirror, at) => mirror.failback(at)) },
  ),
  { maxLength: 60, size: "max" },
);
const mode = fc.constantFrom("sync", "async");

test("a mirror that does right never fails, whatever happens to it", () => {
  const evaluated = new Map<Invariant, number>();
  fc.assert(
    fc.property(mode, steps, (mode, history) => {
      const mirror = new ToyMirror(mode);
      for (const one of history) one(mirror);
      mirror.comeToRest();
      const result = mirror.stage.checker.finish();
      expect(result.failures).toEqual([]);
      expect(result.checks.C).toBe(1);
      for (const [rule, count] of Object.entries(result.checks) as [Invariant, number][]) {
        evaluated.set(rule, (evaluated.get(rule) ?? 0) + count);
      }
    }),
    { numRuns: 1500 },
  );
  for (const rule of ["C", "D", "A", "F", "V", "X", "G", "L", "U"] as const)
    expect(evaluated.get(rule)).toBeGreaterThan(20);
});

const planted: Record<ToyBug, Invariant[]> = {
  "clears pending at the acknowledgement": ["D"],
  "leaves one frame out": ["A", "X", "C", "D"],
  "sends the newest first": ["F", "X"],
  "resolves divergence by itself": ["G"],
  "acknowledges a flush without flushing": ["A"],
  "writes to the wrong place": ["V"],
  "calls itself DUPLEX too early": ["C", "D"],
  "replays an unanswered write late": ["U"],
};

for (const [bug, rules] of Object.entries(planted) as [ToyBug, Invariant[]][]) {
  test(`a mirror that ${bug} breaks ${rules.join(", ")}`, () => {
    const broken = new Set<Invariant>();
    fc.assert(
      fc.property(mode, steps, (mode, history) => {
        const mirror = new ToyMirror(mode, bug);
        for (const one of history) one(mirror);
        mirror.comeToRest();
        for (const rule of failed(mirror.stage.checker.finish())) broken.add(rule);
      }),
      { numRuns: 1000, seed: 1 },
    );
    for (const rule of rules) expect(broken).toContain(rule);
  });
}
