import {
  after,
  converged,
  create,
  heal,
  MiB,
  mirror,
  scenario,
  seconds,
  status,
  timeout,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// What the primary sends vanishes, and no connection is closed: only silence tells.
export default scenario({
  name: "one direction drops everything and the other lives (upstream)",
  requirements: ["LS-1", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 80 }),
      when(written("pvol", 30), timeout("link", "upstream", 0), after(seconds(7), heal("link"))),
    ),
  ],
  expect: [converged()],
});
