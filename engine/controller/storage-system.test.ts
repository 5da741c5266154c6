import { expect, test } from "vitest";
import { EngineError, type EngineErrorCode } from "../errors.ts";
import { type TwoSystems, twoSystems } from "../testing/two-systems.node.ts";
import type { Command } from "./command.ts";

const TRACK_BYTES = 8192;
/** Neither a power of two nor a whole number of tracks. */
const SIZE_BYTES = 20 * TRACK_BYTES + 512;

const create: Extract<Command, { kind: "create" }> = {
  kind: "create",
  pair: "p",
  volume: "pvol",
  link: "link",
  peerVolume: "svol",
  mode: "sync",
};

async function duplex(sizeBytes = SIZE_BYTES, mode: "sync" | "async" = "sync"): Promise<TwoSystems> {
  const two = await twoSystems(sizeBytes, TRACK_BYTES);
  await two.run(two.a.system.execute({ ...create, mode }));
  await inDuplex(two);
  return two;
}

function inDuplex({ a, b, until }: TwoSystems): Promise<void> {
  return until(() => [a, b].every(({ system }) => system.pair("p")?.entry.status === "DUPLEX"));
}

function pattern(lengthBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, index) => (index * 31 + (index >>> 9) + seed) & 0xff);
}

test("a pair is made, copied, written, cut, written alone, healed, and equal to the last byte", async () => {
  const two = await twoSystems(SIZE_BYTES, TRACK_BYTES);
  const { a, b, run, until } = two;
  const host = a.system.device("pvol");
  await run(host.write(SIZE_BYTES - 1024, pattern(1024, 1)));
  await run(a.system.execute(create));
  await inDuplex(two);
  await run(host.write(512, pattern(3 * TRACK_BYTES, 2)));
  two.cut();
  await run(host.write(5 * TRACK_BYTES, pattern(TRACK_BYTES, 3)));
  await run(host.trim(SIZE_BYTES - 512, 512));
  expect(a.system.pair("p")?.entry.status).toBe("SPLIT");
  two.heal();
  await inDuplex(two);
  await until(() => a.system.pair("p")?.pending.count === 0);
  expect(b.disk.durable).toEqual(a.disk.durable);
  expect(a.disk.durable.subarray(512, 512 + 3 * TRACK_BYTES)).toEqual(pattern(3 * TRACK_BYTES, 2));
});

test.each(["sync", "async"] as const)(
  "%s: a host write of many frames goes through without a suspension",
  async (mode) => {
    const sizeBytes = 4 * 1024 * 1024;
    const { a, b, run, until } = await duplex(sizeBytes, mode);
    const suspensions = (): number => a.runtime.steps.filter((name) => name === "pair.suspended").length;
    const before = suspensions();
    await run(a.system.device("pvol").write(512, pattern(3 * 1024 * 1024 + 512, 4)));
    await until(() => a.system.pair("p")?.pending.count === 0);
    expect(suspensions()).toBe(before);
    expect(Buffer.compare(b.disk.durable, a.disk.durable)).toBe(0);
  },
);

type Act = (two: TwoSystems) => Promise<unknown>;
const execute =
  (end: "a" | "b", command: Command): Act =>
  (two) =>
    two[end].system.execute(command);

test.each<[EngineErrorCode, string, object, Act]>([
  ["PAIR_EXISTS", "a second pair of a volume", { pair: "p", volume: "pvol" }, execute("a", { ...create, pair: "q" })],
  ["PAIR_EXISTS", "the same pair again", { pair: "p", volume: "pvol" }, execute("a", create)],
  [
    "VOLUME_UNKNOWN",
    "a pair of no volume",
    { volume: "nothing" },
    execute("a", { ...create, pair: "q", volume: "nothing" }),
  ],
  ["LINK_UNKNOWN", "a pair over no link", { link: "nothing" }, execute("a", { ...create, pair: "q", link: "nothing" })],
  [
    "PAIR_UNKNOWN",
    "a split of no pair",
    { pair: "q" },
    execute("a", { kind: "split", pair: "q", secondary: "read-only" }),
  ],
  [
    "ILLEGAL_TRANSITION",
    "a resync of a pair in DUPLEX",
    { pair: "p", command: "resync", status: "DUPLEX", suspension: "" },
    execute("a", { kind: "resync", pair: "p" }),
  ],
  ["ILLEGAL_TRANSITION", "the same, asked at the other end", {}, execute("b", { kind: "resync", pair: "p" })],
  ["PEER_ALIVE", "a takeover beside a living primary", { pair: "p" }, execute("b", { kind: "takeover", pair: "p" })],
  [
    "WRONG_ROLE",
    "a takeover by the primary",
    { pair: "p", command: "takeover", role: "primary" },
    execute("a", { kind: "takeover", pair: "p" }),
  ],
  [
    "NOT_LOCAL",
    "a restore from a remote mirror",
    { pair: "p", command: "restore" },
    execute("a", { kind: "restore", pair: "p", scope: "all" }),
  ],
  [
    "NO_IMAGE",
    "a rollback of a volume without an image",
    { volume: "pvol" },
    execute("a", { kind: "rollback", volume: "pvol" }),
  ],
  ["NO_IMAGE", "to read the image of such a volume", { volume: "pvol" }, async (two) => two.a.system.image("pvol")],
  [
    "JOURNAL_UNKNOWN",
    "to recover a volume without a journal",
    { volume: "pvol" },
    execute("a", { kind: "recover", volume: "pvol", to: { lsn: 1 }, method: "apply" }),
  ],
  [
    "COMMAND_TOO_LARGE",
    "a command that no frame holds",
    { command: "split" },
    execute("a", { kind: "split", pair: "p".repeat(9000), secondary: "read-only" }),
  ],
  [
    "NO_ACCESS",
    "a write to the secondary",
    { volume: "svol" },
    (two) => two.b.system.device("svol").write(0, new Uint8Array(512)),
  ],
  [
    "OUT_OF_RANGE",
    "a write past the end",
    { volume: "pvol", offsetBytes: SIZE_BYTES, lengthBytes: 512, sizeBytes: SIZE_BYTES },
    (two) => two.a.system.device("pvol").write(SIZE_BYTES, new Uint8Array(512)),
  ],
  [
    "OUT_OF_RANGE",
    "a read before the start",
    { volume: "pvol", offsetBytes: -512, lengthBytes: 512, sizeBytes: SIZE_BYTES },
    (two) => two.a.system.device("pvol").read(-512, 512),
  ],
  [
    "UNALIGNED",
    "a write of a part of a sector",
    { volume: "pvol", offsetBytes: 0, lengthBytes: 511 },
    (two) => two.a.system.device("pvol").write(0, new Uint8Array(511)),
  ],
  [
    "UNALIGNED",
    "a read of nothing",
    { volume: "pvol", offsetBytes: 0, lengthBytes: 0 },
    (two) => two.a.system.device("pvol").read(0, 0),
  ],
])("%s refuses %s, and changes nothing", async (code, _, context, act) => {
  const two = await duplex();
  const { a, b, run } = two;
  const state = (): unknown => structuredClone([...a.system.pairs(), ...b.system.pairs()].map(({ entry }) => entry));
  const [entries, disks] = [state(), [a.disk.durable.slice(), b.disk.durable.slice()]];
  const error: unknown = await run(act(two)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({ code, context });
  expect((error as EngineError).message).toContain((error as EngineError).remedy);
  expect(state()).toEqual(entries);
  expect([a.disk.durable, b.disk.durable]).toEqual(disks);
  await run(a.system.device("pvol").write(0, pattern(512, 5)));
});

test.each<[EngineErrorCode, string, Act]>([
  ["LINK_DOWN", "a swap of roles", execute("b", { kind: "failback", pair: "p" })],
  ["LINK_DOWN", "a resync", execute("a", { kind: "resync", pair: "p" })],
  ["NO_ACCESS", "a write to the secondary", (two) => two.b.system.device("svol").write(0, new Uint8Array(512))],
  ["LINK_DOWN", "a new pair", execute("a", { ...create, pair: "q" })],
])("%s refuses %s while the link is cut", async (code, _, act) => {
  const two = await duplex();
  two.cut();
  await two.until(() => two.b.system.pair("p")?.connection === undefined);
  await expect(two.run(act(two))).rejects.toMatchObject({ code });
});

test("two primaries that both wrote refuse to meet; an operator's direction decides", async () => {
  const two = await duplex();
  const { a, b, run } = two;
  two.cut();
  await two.until(() => b.system.pair("p")?.connection === undefined);
  await run(b.system.execute({ kind: "takeover", pair: "p" }));
  await run(a.system.device("pvol").write(0, pattern(512, 6)));
  await run(b.system.device("svol").write(0, pattern(512, 7)));
  two.heal();
  await two.until(() => a.system.pair("p")?.refusal === "DIVERGED");
  await expect(run(b.system.execute({ kind: "resync", pair: "p" }))).rejects.toMatchObject({ code: "DIVERGED" });
  expect(a.disk.durable).not.toEqual(b.disk.durable);
  await run(b.system.execute({ kind: "resync", pair: "p", direction: "forward" }));
  await inDuplex(two);
  await two.until(() => b.system.pair("p")?.pending.count === 0);
  expect([a.system.pair("p")?.entry.role, b.system.pair("p")?.entry.role]).toEqual(["secondary", "primary"]);
  expect(a.disk.durable.subarray(0, 512)).toEqual(pattern(512, 7));
  expect(a.disk.durable).toEqual(b.disk.durable);
});

test("a stop leaves nothing to copy, says so durably, and the other end is left without a session", async () => {
  const two = await duplex(SIZE_BYTES, "async");
  const { a, b, run, until } = two;
  await run(a.system.device("pvol").write(0, pattern(5 * TRACK_BYTES, 3)));
  await run(a.system.stop());
  expect(a.system.pair("p")?.pending.count).toBe(0);
  expect(a.runtime.steps.at(-1)).toBe("system.stopped");
  await until(() => b.system.pair("p")?.entry.suspension === "link");
  // It does not dial again, and it was not a write that the other end lacks.
  await run(new Promise<void>((resolve) => a.runtime.clock.after(10e9, resolve)));
  expect([a, b].map(({ system }) => system.pair("p")?.connection)).toEqual([undefined, undefined]);
  expect(a.system.pair("p")?.entry.shared).toBe(true);
  expect((await b.disk.read(0, 512)).every((byte, index) => byte === pattern(512, 3)[index])).toBe(true);
});
