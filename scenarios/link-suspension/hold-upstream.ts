import {
  after,
  converged,
  create,
  hold,
  MiB,
  mirror,
  release,
  scenario,
  seconds,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// The stall is longer than either end waits: what arrives at last belongs to a session that is over.
export default scenario({
  name: "one direction stalls for nine seconds and then delivers everything (upstream)",
  requirements: ["LS-1", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 120, flushEvery: 30 }),
      when(written("pvol", 40), hold("link", "upstream"), after(seconds(9), release("link"))),
    ),
    workload("pvol", { writes: 40 }),
  ],
  expect: [converged()],
});
