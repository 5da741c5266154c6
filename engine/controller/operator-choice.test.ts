import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { type TwoSystems, twoSystems } from "../testing/two-systems.node.ts";

const TRACK_BYTES = 8192;
/** What the hosts of either end write to the first sector. */
const OF_A = 6;
const OF_B = 7;

function inStatus({ a, b, until }: TwoSystems, status: "DUPLEX" | "SPLIT"): Promise<void> {
  return until(() => [a, b].every(({ system }) => system.pair("p")?.entry.status === status));
}

async function duplex(): Promise<TwoSystems> {
  const two = await twoSystems(20 * TRACK_BYTES, TRACK_BYTES);
  const definition = { pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;
  await two.run(two.a.system.execute({ kind: "create", ...definition }));
  await inStatus(two, "DUPLEX");
  return two;
}

function write(two: TwoSystems, end: "a" | "b", value: number): Promise<void> {
  return two.run(two[end].system.device(end === "a" ? "pvol" : "svol").write(0, new Uint8Array(512).fill(value)));
}

async function contents({ a, b, run }: TwoSystems): Promise<(number | undefined)[]> {
  const sectors = await run(Promise.all([a.disk.read(0, 512), b.disk.read(0, 512)]));
  return sectors.map((sector) => sector[0]);
}

/** Both wrote as primary while the link was cut; now they have met and refuse each other. */
async function diverged(): Promise<TwoSystems> {
  const two = await duplex();
  two.cut();
  await inStatus(two, "SPLIT");
  await two.run(two.b.system.execute({ kind: "takeover", pair: "p" }));
  await write(two, "a", OF_A);
  await write(two, "b", OF_B);
  two.heal();
  await two.until(() => two.a.system.pair("p")?.refusal === "DIVERGED");
  return two;
}

test("the old primary gives way when it is told to, after both wrote", async () => {
  const two = await diverged();
  await two.run(two.a.system.execute({ kind: "resync", pair: "p", direction: "reverse" }));
  await inStatus(two, "DUPLEX");
  expect(await contents(two)).toEqual([OF_B, OF_B]);
});

test("the choice stands when the link is cut right after the old primary has become secondary", async () => {
  const two = await diverged();
  const given = two.a.system.execute({ kind: "resync", pair: "p", direction: "reverse" });
  for (let turn = 0; turn < 1000 && !two.a.runtime.steps.includes("pair.demoted"); turn++) await Promise.resolve();
  expect(two.a.runtime.steps.at(-1)).toBe("pair.demoted");
  two.cut();
  await two.run(given);
  await inStatus(two, "SPLIT");
  two.heal();
  await inStatus(two, "DUPLEX");
  expect(await contents(two)).toEqual([OF_B, OF_B]);
});

test.each(["forward", "reverse"] as const)(
  "a resync (%s) is carried out after the splits before it",
  async (direction) => {
    const two = await duplex();
    const { a, b, run } = two;
    const split = { kind: "split", pair: "p", secondary: "read-write" } as const;
    await run(
      Promise.all([split, split, { kind: "resync", pair: "p", direction } as const].map((it) => a.system.execute(it))),
    );
    await inStatus(two, "DUPLEX");
    for (const { runtime } of [a, b])
      expect(runtime.steps.lastIndexOf("pair.split")).toBeLessThan(runtime.steps.lastIndexOf("pair.duplex"));
  },
);

test("a resync is refused when the link is lost before the other end has carried out the split: the split stands", async () => {
  const two = await duplex();
  const { a, run } = two;
  const given = a.system.execute({ kind: "split", pair: "p", secondary: "read-only" });
  const refused = a.system.execute({ kind: "resync", pair: "p" }).catch((error: unknown) => error);
  two.cut();
  await run(given);
  expect(await run(refused)).toMatchObject({ code: "LINK_DOWN" });
  two.heal();
  await two.until(() => two.b.system.pair("p")?.entry.suspension === "operator");
  expect(a.system.pair("p")?.entry).toMatchObject({ status: "SPLIT", suspension: "operator", wish: "" });
});

test("a resync that was asked for and not begun does not overwrite what a later takeover wrote", async () => {
  const two = await duplex();
  const { a, b, run } = two;
  await run(a.system.execute({ kind: "split", pair: "p", secondary: "read-only" }));
  await write(two, "a", OF_A);
  const given = a.system.execute({ kind: "resync", pair: "p" });
  two.cut();
  await run(given);
  await two.until(() => b.system.pair("p")?.connection === undefined);
  await run(b.system.execute({ kind: "takeover", pair: "p" }));
  await write(two, "b", OF_B);
  two.heal();
  await two.until(() => a.system.pair("p")?.refusal === "DIVERGED");
  expect(await contents(two)).toEqual([OF_A, OF_B]);
});

test("a resync that waits for the link does not overwrite what a takeover wrote meanwhile", async () => {
  const two = await duplex();
  const { a, b, run } = two;
  two.cut();
  await two.until(() => [a, b].every(({ system }) => system.pair("p")?.connection === undefined));
  await write(two, "a", OF_A);
  const given = a.system.execute({ kind: "resync", pair: "p", direction: "forward" }).catch((error: unknown) => error);
  await run(b.system.execute({ kind: "takeover", pair: "p" }));
  await write(two, "b", OF_B);
  two.heal();
  expect(await run(given)).toMatchObject({ code: "DIVERGED" });
  expect(await contents(two)).toEqual([OF_A, OF_B]);
});

test.each([true, false])(
  "a resync without a direction is no word on a takeover that is news (both wrote: %s)",
  async (both) => {
    const two = await duplex();
    const { a, b, run } = two;
    await run(a.system.execute({ kind: "split", pair: "p", secondary: "read-only" }));
    if (both) await write(two, "a", OF_A);
    two.cut();
    await two.until(() => [a, b].every(({ system }) => system.pair("p")?.connection === undefined));
    const given = a.system.execute({ kind: "resync", pair: "p" }).then(
      () => "done",
      (error: unknown) => (error instanceof EngineError ? error.code : "a bug"),
    );
    await run(b.system.execute({ kind: "takeover", pair: "p" }));
    await write(two, "b", OF_B);
    two.heal();
    expect(await run(given)).toBe(both ? "DIVERGED" : "done");
    if (!both) await inStatus(two, "DUPLEX");
    expect(await contents(two)).toEqual(both ? [OF_A, OF_B] : [OF_B, OF_B]);
  },
);
