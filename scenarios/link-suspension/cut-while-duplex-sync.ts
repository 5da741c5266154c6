import {
  after,
  converged,
  create,
  cut,
  heal,
  mirror,
  MiB,
  ms,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

export default scenario({
  name: "link cut twice under synchronous writes; each side alone, then resync",
  requirements: ["LS-3", "LS-5", "BR-2", "BR-4"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 100, flushEvery: 20 }),
      when(written("pvol", 40), cut("link"), after(ms(40), heal("link"))),
    ),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 100, flushEvery: 20 }),
      when(written("pvol", 40, "issued"), cut("link"), after(ms(120), heal("link"))),
    ),
  ],
  expect: [converged()],
});
