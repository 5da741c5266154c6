import { expect, test } from "vitest";
import { Site } from "../testing/site.node.ts";
import type { Command } from "./command.ts";
import { localPairReports, pairReport, pendingView, type PairReport } from "./reports.ts";

const TRACK_BYTES = 2048;
/** Copied in several steps. */
const TRACKS = 70;
const SIZE_BYTES = TRACKS * TRACK_BYTES;

const kinds: readonly (readonly [kind: string, pair: string, create: Command])[] = [
  ["local", "l", { kind: "create-local", pair: "l", volume: "v", mirrorVolume: "m" }],
  ["remote", "p", { kind: "create", pair: "p", volume: "v", link: "link", peerVolume: "w", mode: "sync" }],
];

async function opened(): Promise<Site> {
  return Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["v", "m"], b: ["w"] },
    links: { link: ["a", "b"] },
  });
}

test.each(kinds)(
  "the progress of a %s copy counts the tracks that are copied, up to all of them",
  async (_, name, create) => {
    const site = await opened();
    const { system } = site.at("a");
    await site.run(system.device("v").write(0, new Uint8Array(SIZE_BYTES).fill(1)));
    const report = (): PairReport | undefined => {
      const [pair, local] = [system.pair(name), system.localPair(name)];
      return pair === undefined ? local && localPairReports(local)[0] : pairReport(pair);
    };
    const told: (readonly number[])[] = [];
    let copied = 0;
    site.onStep = (_system, step, { tracks = 0 }) => {
      if (step !== "local.copied" && step !== "resync.copied") return;
      copied += Number(tracks);
      const progress = report()?.progress;
      told.push([progress?.done ?? -1, progress?.total ?? -1, copied]);
    };
    await site.run(system.execute(create));
    await site.until(() => report()?.status === "DUPLEX");
    expect(told.length).toBeGreaterThan(1);
    expect(told).toEqual(told.map(([, , done]) => [done, TRACKS, done]));
    expect(copied).toBe(TRACKS);
  },
);

test("a report says why a pair is suspended: an operator, the link, or that the ends went different ways", async () => {
  const site = await opened();
  const [a, b] = [site.at("a").system, site.at("b").system];
  const told = (): readonly (string | undefined)[] =>
    [a, b].map((system) => {
      const pair = system.pair("p");
      return pair && `${pairReport(pair).status} ${pairReport(pair).suspension}`.trimEnd();
    });
  const duplex = (): Promise<void> => site.until(() => told().every((text) => text === "DUPLEX"));
  await site.run(a.execute(kinds[1]?.[2] as Command));
  await duplex();
  await site.run(a.execute({ kind: "split", pair: "p", secondary: "read-only" }));
  expect(told()).toEqual(["SPLIT operator", "SPLIT operator"]);
  await site.run(a.execute({ kind: "resync", pair: "p" }));
  await duplex();
  site.network.cut();
  await site.until(() => told().every((text) => text === "SPLIT link"));
  await site.run(b.execute({ kind: "takeover", pair: "p" }));
  await site.run(a.device("v").write(0, new Uint8Array(TRACK_BYTES).fill(1)));
  await site.run(b.device("w").write(0, new Uint8Array(TRACK_BYTES).fill(2)));
  expect(told()).toEqual(["SPLIT link", "SPLIT takeover"]);
  site.network.heal();
  await site.until(() => told()[0] === "SPLIT diverged");
});

test("the tracks that the other end may lack, one by one and in a row, are the same", async () => {
  const site = await opened();
  const { system } = site.at("a");
  await site.run(system.execute(kinds[1]?.[2] as Command));
  const pair = system.pair("p");
  if (pair === undefined) throw new Error("the pair was created");
  await site.until(() => pair.entry.status === "DUPLEX" && pair.pending.count === 0);
  await site.run(system.execute({ kind: "split", pair: "p", secondary: "read-only" }));
  for (const track of [3, 4, 60])
    await site.run(system.device("v").write(track * TRACK_BYTES, new Uint8Array(512).fill(1)));
  const view = pendingView(pair);
  expect([...view.indices(0)]).toEqual([3, 4, 60]);
  expect([...view.indices(4)]).toEqual([4, 60]);
  const all = Array.from({ length: TRACKS }, (_, track) => track);
  expect(all.filter((track) => view.has(track))).toEqual([3, 4, 60]);
});
