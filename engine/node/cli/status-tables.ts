import Table from "cli-table3";
import type { StatusDocument, TrackRuns } from "../control/status-schema.ts";

type Row = readonly (string | number)[];

/** The status as tables for people: volumes, links, copy management, images, journals, restores. */
export function statusTables(status: StatusDocument): string {
  const { system, boot, version, volumes, pairs, images, journals, restores, links } = status;
  return [
    `system ${system}, start ${boot}, resilver ${version}`,
    section(
      "Volumes",
      ["volume", "size", "track", "hosts", "reserved for"],
      [
        ...volumes.map(({ volume, sizeBytes, trackBytes, access, reservedFor }) => [
          volume,
          bytes(sizeBytes),
          bytes(trackBytes),
          access,
          reservedFor,
        ]),
      ],
    ),
    section(
      "Links",
      ["link", "peer", "role", "state"],
      [...links.map(({ link, peer, role, up }) => [link, peer, role, up ? "up" : "DOWN"])],
    ),
    section(
      "Copy management",
      ["pair", "type", "volume", "role", "with", "mode", "status", "content", "pending", "lag", "resync"],
      pairs.map((pair) => [
        pair.pair,
        pair.copyType,
        pair.volume,
        pair.role,
        pair.link === "" ? pair.peerVolume : `${pair.peerVolume} by ${pair.link}`,
        pair.mode,
        pair.suspension === "" ? pair.status : `${pair.status} (${pair.suspension})`,
        pair.consistent ? "consistent" : "MIXED",
        counted(pair.pendingTracks, "track"),
        pair.lag === undefined || pair.lag.writes === 0
          ? "-"
          : `${counted(pair.lag.writes, "write")}, ${pair.lag.seconds.toFixed(1)} s`,
        pair.progress === undefined ? "-" : share(pair.progress.done, pair.progress.total),
      ]),
    ),
    section(
      "Images",
      ["volume", "method", "state", "moment"],
      [...images.map(({ volume, method, state, moment }) => [volume, method, state, moment])],
    ),
    section(
      "Journals",
      ["volume", "disk", "state", "oldest", "newest", "window"],
      [
        ...journals.map(({ volume, disk, state, oldestLsn, newestLsn, oldestTimeUs, nowUs }) => [
          volume,
          disk,
          state,
          oldestLsn,
          newestLsn,
          state === "stopped" ? "-" : `${((nowUs - oldestTimeUs) / 1e6).toFixed(1)} s`,
        ]),
      ],
    ),
    section(
      "Restores",
      ["volume", "from", "number", "brought"],
      [
        ...restores.map(({ volume, from, id, doneTracks, totalTracks }) => [
          volume,
          from,
          id,
          share(doneTracks, totalTracks),
        ]),
      ],
    ),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

/** Rows of tracks for people; the tables can be long. */
export function trackTable(title: string, { trackBytes, trackCount, runs }: TrackRuns): string {
  const count = runs.reduce((sum, [, length]) => sum + length, 0);
  const head = `${title}: ${count} of ${trackCount} tracks of ${bytes(trackBytes)}`;
  const rows = runs.map(([first, length]) => [first, first + length - 1, length, bytes(length * trackBytes)]);
  return [head, table(["first", "last", "tracks", "size"], rows)].filter((text) => text !== "").join("\n");
}

function section(title: string, head: readonly string[], rows: readonly Row[]): string {
  return rows.length === 0 ? "" : `${title}\n${table(head, rows)}`;
}

function table(head: readonly string[], rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const drawn = new Table({
    chars: NO_LINES,
    style: { "padding-left": 2, "padding-right": 0, head: [], border: [], compact: true },
  });
  drawn.push([...head], ...rows.map((row) => row.map(String)));
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function share(done: number, total: number): string {
  return `${done} of ${total}`;
}

/** `65536` as `64 KiB`. */
function bytes(count: number): string {
  for (const [unit, size] of UNITS) if (count >= size) return `${+(count / size).toFixed(2)} ${unit}`;
  return `${count} B`;
}

const UNITS = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;
