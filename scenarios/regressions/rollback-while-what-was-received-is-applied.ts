import {
  after,
  crash,
  create,
  cut,
  KiB,
  mirror,
  ms,
  restart,
  rollback,
  scenario,
  together,
  withImages,
  withJournals,
  workload,
} from "../../harness/plan/index.ts";

const VOLUMES = { sizeBytes: KiB(78), trackBytes: 512 };

// What a session that is over has brought was applied over what the rollback had brought back.
export default scenario({
  name: "a rollback is asked for while frames of the resync that failed are still to be applied",
  requirements: ["LS-8"],
  topology: withImages(
    withJournals(mirror({ ...VOLUMES, mode: "sync", latencyUs: 1993 }), ["svol"], { logBytes: 651_776 }),
    ["svol"],
    { method: "old-data" },
  ),
  steps: [
    create("pair"),
    together(
      workload("pvol", {
        writes: 12,
        partialTrack: 0,
        flushEvery: 4,
        fua: 0,
        trim: 0,
        reads: 0.5,
        bytesMax: KiB(8),
        concurrency: 2,
        thinkUsMax: 1073,
      }),
      after(ms(34), crash("a", "power"), after(ms(1), restart("a"))),
    ),
    together(
      workload("pvol", {
        writes: 1,
        partialTrack: 1,
        flushEvery: 8,
        fua: 0.3,
        trim: 0.2,
        reads: 0.5,
        bytesMax: KiB(8),
        concurrency: 6,
        thinkUsMax: 1539,
      }),
      after(ms(12), rollback("svol")),
      after(ms(9), cut("link")),
    ),
  ],
  expect: [],
  mayRefuse: true,
});
