import {
  imageReport,
  journalReport,
  localPairReports,
  pairLag,
  pairReport,
  restoreReport,
  type TrackView,
  volumeReport,
} from "../../controller/reports.ts";
import type { StorageSystem } from "../../controller/storage-system.ts";
import type { LocalPair } from "../../mirror/local-pair.ts";
import type { Pair } from "../../mirror/pair.ts";
import type { PairStatusReport, StatusDocument, TrackRuns } from "./status-schema.ts";

const NS_PER_SECOND = 1e9;
/** Rows of tracks in one answer; the rest is asked for again. */
const RUNS_MAX = 16_384;

/** Everything that a system tells of itself, at one moment. */
export function statusOf(system: StorageSystem, version: string, atNs: number): StatusDocument {
  return {
    system: system.name,
    boot: system.bootCount,
    version,
    atNs,
    volumes: system.volumes().map(volumeReport),
    pairs: [...system.pairs().map(remote), ...system.localPairs().flatMap(local)],
    images: system.images().map(imageReport),
    journals: system.journals().map(journalReport),
    restores: system.restores().map((restore) => {
      const { volume, from, id, doneTracks, totalTracks } = restoreReport(restore);
      return { volume, from, id, doneTracks, totalTracks };
    }),
    links: [...system.links()],
  };
}

function remote(pair: Pair): PairStatusReport {
  const { peerVolume, link, mode, tracker } = pair.entry;
  const { writes, ageNs } = pairLag(pair);
  const lag = { writes, seconds: ageNs / NS_PER_SECOND };
  const { sentBytes, receivedBytes } = pair.traffic;
  const traffic = { sentBytes, receivedBytes };
  return { copyType: "remote", ...pairReport(pair), peerVolume, link, mode, tracker, lag, traffic };
}

function local(pair: LocalPair): readonly PairStatusReport[] {
  const { volume, mirrorVolume } = pair.entry;
  return localPairReports(pair).map((report) => ({
    copyType: "local" as const,
    ...report,
    peerVolume: report.role === "primary" ? mirrorVolume : volume,
    link: "",
    mode: "sync" as const,
    tracker: "bitmap" as const,
  }));
}

/** The tracks of `view` from `from` on, as rows of neighbours. */
export function trackRuns(view: TrackView, trackCount: number, from: number): TrackRuns {
  const { trackBytes } = view;
  const runs: [number, number][] = [];
  for (const track of view.indices(from)) {
    const run = runs.at(-1);
    if (run !== undefined && run[0] + run[1] === track) run[1]++;
    else if (runs.length < RUNS_MAX) runs.push([track, 1]);
    else return { trackBytes, trackCount, runs, next: track };
  }
  return { trackBytes, trackCount, runs };
}
