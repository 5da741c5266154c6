import {
  after,
  converged,
  crash,
  create,
  cut,
  heal,
  latency,
  MiB,
  mirror,
  ms,
  pauseAtMost,
  restart,
  resync,
  scenario,
  split,
  status,
  step,
  together,
  wait,
  when,
  withImages,
  workload,
  written,
} from "../../harness/plan/index.ts";

const busy = workload("pvol", { writes: 100, thinkUsMax: 100, bytesMax: 65_536, flushEvery: 10 });

export default scenario({
  name: "hosts pause for two flushes at most when an operator splits their mirror in the midst of synchronous writes",
  requirements: ["SR-1", "SR-4", "LS-1"],
  topology: withImages(mirror({ sizeBytes: MiB(1), mode: "sync" }), ["pvol", "svol"], {
    method: "old-data",
    areaBytes: MiB(4),
  }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    // The other end is far away: what is under way is acknowledged long after the pause.
    latency("link", "downstream", { latencyMs: 5 }),
    together(busy, when(written("pvol", 30), split("pair"))),
    resync("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      busy,
      when(written("pvol", 50), split("pair")),
      when(step("a", "writes.paused"), cut("link"), after(ms(40), heal("link"))),
    ),
    resync("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      busy,
      when(written("pvol", 20), split("pair")),
      when(step("a", "pair.split"), crash("b", "power"), after(ms(40), restart("b"))),
    ),
    resync("pair"),
  ],
  expect: [converged(), pauseAtMost("a", { flushes: 2 })],
});
