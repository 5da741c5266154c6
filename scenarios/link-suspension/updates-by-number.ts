import {
  after,
  converged,
  crash,
  create,
  cut,
  down,
  heal,
  KiB,
  MiB,
  mirror,
  ms,
  restart,
  resync,
  scenario,
  split,
  status,
  together,
  tornWrite,
  wait,
  when,
  withTracker,
  workload,
  written,
} from "../../harness/plan/index.ts";

// 4096 tracks of 512 bytes: more updates than one half of the log has room for, so it changes halves on the way.
export default scenario({
  name: "updates remembered by number on both sides, through cuts, torn log sectors and power losses",
  requirements: ["LS-3", "LS-5", "LS-6", "SR-6"],
  topology: withTracker(mirror({ sizeBytes: MiB(2), trackBytes: 512, mode: "sync" }), "lsn"),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...[0, 1].flatMap((sectors) => [
      cut("link"),
      together(
        workload("pvol", { writes: 700, bytesMax: 1024, thinkUsMax: 50, concurrency: 8 }),
        when(
          written("pvol", 300),
          tornWrite("a/meta", { sectors, count: 1, range: { offsetBytes: KiB(32), lengthBytes: KiB(64) } }),
        ),
        when(down("a"), after(ms(150), restart("a"))),
      ),
      heal("a/meta"),
      heal("link"),
      wait(status("pair", "DUPLEX")),
    ]),
    split("pair", { secondary: "read-write" }),
    together(
      workload("pvol", { writes: 100 }),
      workload("svol", { writes: 100 }),
      when(written("svol", 50), crash("b", "power"), after(ms(20), restart("b"))),
    ),
    resync("pair"),
    when({ kind: "progress", of: "resync", pair: "pair", fraction: 0.3 }, cut("link"), after(ms(20), heal("link"))),
  ],
  expect: [converged()],
});
