import {
  after,
  converged,
  create,
  cut,
  heal,
  KiB,
  mirror,
  ms,
  repeat,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// A write that slips in between the read of a track and its frame would be forgotten: neither sent nor pending.
export default scenario({
  name: "a busy host writes to the very tracks that a resync is copying, ten times over",
  requirements: ["SR-6", "LS-5", "BR-3"],
  topology: mirror({ sizeBytes: KiB(512), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    repeat(
      10,
      together(
        workload("pvol", { writes: 1200, concurrency: 16, bytesMax: KiB(4), thinkUsMax: 3000, partialTrack: 0.8 }),
        when(written("pvol", 20), cut("link"), after(ms(1), heal("link"))),
      ),
      wait(status("pair", "DUPLEX")),
    ),
  ],
  expect: [converged()],
});
