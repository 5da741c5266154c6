import { expect, test } from "vitest";
import { FAULTS, faultSchema } from "../fault/index.ts";
import { type Plan, PlanError, parsePlan, planJsonSchema, planSchema } from "./index.ts";

const good = {
  schemaVersion: 1,
  name: "x",
  requirements: ["BR-3"],
  topology: {
    systems: [
      { name: "a", volumes: [{ name: "pvol", sizeBytes: 65536, trackBytes: 8192 }] },
      { name: "b", volumes: [{ name: "svol", sizeBytes: 65536, trackBytes: 8192 }] },
    ],
    links: [{ name: "link", between: ["a", "b"] }],
    pairs: [{ name: "pair", primary: "pvol", secondary: "svol", link: "link", mode: "sync" }],
    latencyUs: 200,
  },
  steps: [{ kind: "write", volume: "pvol", offsetBytes: 0, lengthBytes: 512 }],
  expect: [],
};
const withSteps = (...steps: unknown[]): unknown => ({ ...good, steps });
const withTopology = (change: object): unknown => ({ ...good, topology: { ...good.topology, ...change } });
/** `pvol` has the volume `x` of so many bytes beside it, and `extras`. */
const withExtras = (extras: object, sizeBytes = 65536, steps: unknown = good.steps): unknown => {
  const [a, b] = good.topology.systems;
  const volumes = [...(a?.volumes ?? []), { name: "x", sizeBytes, trackBytes: 8192 }];
  return { ...good, topology: { ...good.topology, systems: [{ ...a, volumes, ...extras }, b] }, steps };
};
const nested = (depth: number): unknown =>
  depth === 0 ? good.steps[0] : { kind: "sequence", steps: [nested(depth - 1)] };

test.each<[string, unknown, { path: string; found: string; expected: string }]>([
  ["no plan", 7, { path: "the plan", found: "7", expected: "object" }],
  ["other version", { ...good, schemaVersion: 2 }, { path: "schemaVersion", found: "2", expected: "1" }],
  [
    "unknown volume",
    withSteps({ kind: "flush", volume: "qvol" }),
    { path: "steps[0].volume", found: 'unknown volume "qvol"', expected: "one of pvol, svol" },
  ],
  [
    "unknown link, inside",
    withSteps({ kind: "after", delayMs: 1, steps: [{ kind: "inject", fault: { kind: "cut", link: "lnk" } }] }),
    { path: "steps[0].steps[0].fault.link", found: 'unknown link "lnk"', expected: "one of link" },
  ],
  [
    "unknown disk",
    withSteps({ kind: "inject", fault: { kind: "lost-write", disk: "c/meta" } }),
    { path: "steps[0].fault.disk", found: 'unknown disk "c/meta"', expected: "one of a/meta, pvol, b/meta, svol" },
  ],
  [
    "unknown pair in a condition",
    withSteps({
      kind: "wait",
      withinMs: 1,
      condition: { kind: "status", pair: "pear", status: "DUPLEX", at: "both" },
    }),
    { path: "steps[0].condition.pair", found: 'unknown pair "pear"', expected: "one of pair" },
  ],
  [
    "unknown disk in a condition",
    withSteps({ kind: "wait", withinMs: 1, condition: { kind: "disk-write", disk: "c/meta", nth: 1 } }),
    { path: "steps[0].condition.disk", found: 'unknown disk "c/meta"', expected: "one of a/meta, pvol, b/meta, svol" },
  ],
  [
    "a frame from who is not at the link",
    withSteps({ kind: "wait", withinMs: 1, condition: { kind: "sent", link: "link", system: "c", nth: 1 } }),
    { path: "steps[0].condition.system", found: '"c"', expected: "an end of link: a or b" },
  ],
  [
    "beyond the end",
    withSteps({ kind: "write", volume: "pvol", offsetBytes: 65024, lengthBytes: 1024 }),
    { path: "steps[0].lengthBytes", found: "an end at byte 66048", expected: "an end inside pvol, 65536 bytes" },
  ],
  [
    "half a sector",
    withSteps({ kind: "write", volume: "pvol", offsetBytes: 100, lengthBytes: 512 }),
    { path: "steps[0].offsetBytes", found: "100", expected: "a multiple of 512" },
  ],
  [
    "too many writes",
    withSteps({ kind: "workload", volume: "pvol", writes: 1e9 }),
    { path: "steps[0].writes", found: "1000000000", expected: "at most 1000000" },
  ],
  [
    "a field that nobody knows",
    withSteps({ kind: "flush", volume: "pvol", now: true }),
    { path: "steps[0]", found: '{"kind":"flush","volume":"pvol","now":true}', expected: 'no field "now"' },
  ],
  [
    "a slicer that would panic",
    withSteps({
      kind: "inject",
      fault: { kind: "slicer", link: "link", direction: "upstream", averageBytes: 8, variationBytes: 8 },
    }),
    { path: "steps[0].fault.variationBytes", found: "8", expected: "must be below averageBytes" },
  ],
  [
    "a track that is no power of two",
    withTopology({ systems: [{ name: "a", volumes: [{ name: "v", sizeBytes: 512, trackBytes: 1000 }] }] }),
    { path: "topology.systems[0].volumes[0].trackBytes", found: "1000", expected: "must be a power of two" },
  ],
  [
    "two volumes of one name",
    withTopology({ systems: [...good.topology.systems, { name: "c", volumes: good.topology.systems[0]?.volumes }] }),
    {
      path: "topology.systems[2].volumes[0].name",
      found: 'a second volume "pvol"',
      expected: "a name that no other volume has",
    },
  ],
  [
    "a volume with the name of a disk of tables",
    withTopology({ systems: [{ name: "a", volumes: [{ name: "meta", sizeBytes: 512, trackBytes: 8192 }] }] }),
    {
      path: "topology.systems[0].volumes[0].name",
      found: '"meta"',
      expected: "another name: a/meta is the disk with the tables of system a",
    },
  ],
  [
    "a link to itself",
    withTopology({ links: [{ name: "link", between: ["a", "a"] }] }),
    { path: "topology.links[0].between[1]", found: '"a"', expected: "another system than the first" },
  ],
  [
    "a pair of different sizes",
    withTopology({
      systems: [good.topology.systems[0], { name: "b", volumes: [{ name: "svol", sizeBytes: 512, trackBytes: 8192 }] }],
    }),
    { path: "topology.pairs[0].secondary", found: "512 bytes", expected: "65536 bytes, as the primary" },
  ],
  [
    "an image on another system",
    withExtras({ images: [{ volume: "svol", method: "old-data", area: "x" }] }),
    { path: "topology.systems[0].images[0].volume", found: '"svol" of system b', expected: "a volume of a" },
  ],
  [
    "an image without room",
    withExtras({ images: [{ volume: "pvol", method: "old-data" }] }),
    {
      path: "topology.systems[0].images[0].area",
      found: "nothing",
      expected: "a volume with room for the image of pvol",
    },
  ],
  [
    "an image in a mirrored volume",
    withExtras({ images: [{ volume: "x", method: "old-data", area: "pvol" }] }),
    {
      path: "topology.systems[0].images[0].area",
      found: '"pvol", which is in the pair pair',
      expected: "one for the image of x alone",
    },
  ],
  [
    "an image in a journal that is not there",
    withExtras({ images: [{ volume: "pvol", method: "lsn" }] }),
    {
      path: "topology.systems[0].journals",
      found: "no journal of pvol",
      expected: "one, which holds its image by method lsn",
    },
  ],
  [
    "a journal whose log is its base",
    withExtras({ journals: [{ volume: "pvol", log: "x", base: "x" }] }),
    {
      path: "topology.systems[0].journals[0].base",
      found: '"x", which is the log of pvol',
      expected: "one for the base of pvol alone",
    },
  ],
  [
    "a base of another size",
    {
      ...good,
      topology: {
        ...good.topology,
        systems: [
          {
            name: "a",
            volumes: ["pvol", "log", "base"].map((name) => ({
              name,
              sizeBytes: name === "base" ? 4096 : 65536,
              trackBytes: 8192,
            })),
            journals: [{ volume: "pvol", log: "log", base: "base" }],
          },
          good.topology.systems[1],
        ],
      },
    },
    { path: "topology.systems[0].journals[0].base", found: "4096 bytes", expected: "65536 bytes, as pvol" },
  ],
  [
    "a log that is too small for a journal",
    {
      ...good,
      topology: {
        ...good.topology,
        systems: [
          {
            name: "a",
            volumes: ["pvol", "log", "base"].map((name) => ({ name, sizeBytes: 65536, trackBytes: 8192 })),
            journals: [{ volume: "pvol", log: "log", base: "base" }],
          },
          good.topology.systems[1],
        ],
      },
    },
    {
      path: "topology.systems[0].journals[0].log",
      found: "65536 bytes",
      expected: "149504 bytes, for the log of pvol",
    },
  ],
  [
    "an area that is too small for an image",
    withExtras({ images: [{ volume: "pvol", method: "reserved-area", area: "x" }] }),
    {
      path: "topology.systems[0].images[0].area",
      found: "65536 bytes",
      expected: "69120 bytes, for the image of pvol",
    },
  ],
  [
    "a backup to a remote mirror",
    withSteps({ kind: "backup", mirrors: ["pair"] }),
    { path: "steps[0].mirrors[0]", found: '"pair", a remote mirror', expected: "a local mirror" },
  ],
  [
    "a restore from a remote mirror",
    withSteps({ kind: "restore", pair: "pair", scope: "all" }),
    { path: "steps[0].pair", found: '"pair", a remote mirror', expected: "a local mirror" },
  ],
  [
    "a volume without a journal to recover from",
    withSteps({ kind: "recover", volume: "pvol", to: { lsn: 1 }, method: "apply" }),
    {
      path: "steps[0].volume",
      found: 'unknown volume with a journal "pvol"',
      expected: "a volume with a journal, but the topology has none",
    },
  ],
  [
    "a local mirror of itself",
    withTopology({ pairs: [{ name: "pair", primary: "pvol", secondary: "pvol", mode: "sync" }] }),
    { path: "topology.pairs[0].secondary", found: '"pvol"', expected: "another volume than the primary" },
  ],
  [
    "nested too deep",
    withSteps(nested(40)),
    { path: "steps", found: "steps nested too deep", expected: "at most 16 levels" },
  ],
])("%s", (_, data, error) => {
  expect(() => parsePlan(data)).toThrow(PlanError);
  expect(() => parsePlan(data)).toThrow(expect.objectContaining(error) as Error);
});

test("sixteen levels of steps are read", () => {
  expect(parsePlan(withSteps(nested(16)))).toMatchObject({ name: "x" });
});

test("every fault is in the list once, and its parameters are bounded", () => {
  const kinds = FAULTS.map(({ kind }) => kind);
  expect(new Set(kinds).size).toBe(kinds.length);
  const common = { link: "link", direction: "upstream", disk: "pvol", system: "a" };
  for (const { kind, meaning } of FAULTS) {
    expect(meaning).not.toBe("");
    // No fault takes all of these, so an excess of fields is refused by each.
    expect(faultSchema.safeParse({ kind, ...common, latencyMs: -1 }).success).toBe(false);
  }
  expect(faultSchema.safeParse({ kind: "clock-drift", system: "a", partsPerMillion: 100_001 }).success).toBe(false);
  expect(faultSchema.safeParse({ kind: "clock-drift", system: "a", partsPerMillion: 100_000 }).success).toBe(true);
});

test("the published schema names every step, and every fault with its meaning", () => {
  const text = JSON.stringify(planJsonSchema());
  for (const { kind, meaning } of FAULTS) {
    expect(text).toContain(`"${kind}"`);
    expect(text).toContain(`"description":${JSON.stringify(meaning)}`);
  }
  for (const kind of ["write", "workload", "trace", "together", "when", "expect-refused"])
    expect(text).toContain(`"${kind}"`);
  expect(planJsonSchema()["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
});

test("reading a plan changes nothing", () => {
  const plan: Plan = parsePlan(good);
  expect(plan).toEqual(good);
  expect(planSchema.parse(plan)).toEqual(plan);
});
