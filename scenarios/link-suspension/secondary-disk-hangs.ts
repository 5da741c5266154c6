import {
  after,
  converged,
  create,
  heal,
  MiB,
  mirror,
  scenario,
  seconds,
  stall,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// The link is alive and answers; only nothing is ever applied.
export default scenario({
  name: "disk of the secondary hangs longer than a write may wait for it",
  requirements: ["LS-1", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 20), stall("svol", ["write", "flush"]), after(seconds(15), heal("svol"))),
    ),
    workload("pvol", { writes: 20 }),
  ],
  expect: [converged()],
});
