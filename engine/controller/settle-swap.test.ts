import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import type { PairState } from "../mirror/pair-entry.ts";
import { Site } from "../testing/site.node.ts";
import { twoSystems } from "../testing/two-systems.node.ts";

const TRACK_BYTES = 8192;

/** The primary afterwards, when the two ends meet in these states. */
async function primaryAfter(states: Readonly<Record<"a" | "b", Partial<PairState>>>): Promise<string[]> {
  const two = await twoSystems(20 * TRACK_BYTES, TRACK_BYTES);
  const definition = { pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;
  await two.run(two.a.system.execute({ kind: "create", ...definition }));
  const entry = (end: "a" | "b") => two[end].system.pair("p")?.entry;
  const both = (status: string): boolean => entry("a")?.status === status && entry("b")?.status === status;
  await two.until(() => both("DUPLEX"));
  two.cut();
  await two.until(() => both("SPLIT"));
  for (const end of ["a", "b"] as const) Object.assign(entry(end) ?? {}, states[end]);
  two.heal();
  await two.until(() => both("DUPLEX"));
  return (["a", "b"] as const).filter((end) => entry(end)?.role === "primary");
}

const given = { role: "secondary", suspension: "swap" } as const;
const primary = { role: "primary" } as const;
const secondary = { role: "secondary" } as const;

test("after interrupted swaps exactly one end is primary", async () => {
  expect(await primaryAfter({ a: given, b: secondary })).toEqual(["a"]);
  expect(await primaryAfter({ a: given, b: primary })).toEqual(["b"]);
  expect(await primaryAfter({ a: secondary, b: given })).toEqual(["b"]);
  // The second swap began before the first was durable at its end, and both were interrupted.
  expect(await primaryAfter({ a: given, b: given })).toEqual(["a"]);
});

test("the link is lost while the primary writes down that it gives up: refused, and one end is primary in the end", async () => {
  const site = await Site.open({
    sizeBytes: 20 * TRACK_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol"], b: ["svol"] },
    links: { link: ["a", "b"] },
  });
  const definition = { pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;
  await site.run(site.at("a").system.execute({ kind: "create", ...definition }));
  const entries = () => (["a", "b"] as const).map((end) => site.at(end).system.pair("p")?.entry);
  const inDuplex = (): Promise<void> => site.until(() => entries().every((entry) => entry?.status === "DUPLEX"));
  await inDuplex();
  const { system, meta } = site.at("a");
  meta.decide = () => {
    if (system.pair("p")?.entry.role === "secondary") site.network.cut();
    return "done";
  };
  const refusal: unknown = await site
    .run(system.execute({ kind: "failback", pair: "p" }))
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(EngineError);
  expect((refusal as EngineError).code).toBe("LINK_DOWN");
  meta.decide = () => "done";
  site.network.heal();
  await inDuplex();
  expect(entries().map((entry) => entry?.role)).toEqual(["primary", "secondary"]);
});
