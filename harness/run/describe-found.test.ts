import { expect, test } from "vitest";
import { type Condition, connected, image, journal, down, status } from "../plan/index.ts";
import { describeFound } from "./describe-found.ts";

const end = { pair: "pair", generation: "", consistent: true, pendingTracks: 0, volume: "pvol" } as const;
const primary = { ...end, role: "primary", status: "SPLIT", suspension: "link", connected: false } as const;
const secondary = { ...end, role: "secondary", status: "DUPLEX", suspension: "", connected: true } as const;
const serving = {
  pairs: () => [primary, { ...secondary, pair: "other" }],
  images: () => [{ volume: "pvol", method: "old-data", state: "lost", moment: 3 }] as const,
  journals: () =>
    [
      { volume: "pvol", disk: "pvol", state: "stopped", oldestLsn: 4, newestLsn: 9, oldestTimeUs: 0, nowUs: 0 },
    ] as const,
};
const peer = { pairs: () => [secondary], images: () => [], journals: () => [] };

test.each<[string, Condition, string]>([
  ["a status", status("pair", "DUPLEX"), "; found SPLIT (link) at the primary, DUPLEX at the secondary"],
  ["a link", connected("pair"), "; found the primary not connected, the secondary connected"],
  ["an image", image("pvol", "fixed"), "; found lost"],
  ["a journal", journal("pvol", { state: "logging" }), "; found stopped, entries 4 to 9"],
  ["what no system knows", image("svol", "fixed"), "; found no system that serves and knows of it"],
  ["what needs no more words", down("a"), ""],
])("of %s", (_, condition, found) => {
  expect(describeFound(condition, { systems: [{ serving }, { serving: undefined }, { serving: peer }] })).toBe(found);
});
