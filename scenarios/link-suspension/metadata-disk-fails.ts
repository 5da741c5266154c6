import {
  after,
  converged,
  create,
  cut,
  eio,
  heal,
  MiB,
  mirror,
  ms,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// An intent that cannot be recorded stops the write before the data: the host hears of it, and nothing is written.
export default scenario({
  name: "metadata disks: EIO on intents, then on the table at the moment of a cut",
  requirements: ["BR-1", "BR-3", "LS-3"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 60, thinkUsMax: 5000 }),
      when(written("pvol", 5), eio("a/meta", ["write"], { count: 4 })),
    ),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 10), cut("link"), eio("a/meta", ["write"], { count: 3 }), after(ms(50), heal("link"))),
    ),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 10), eio("b/meta", ["write"], { count: 3 }), cut("link"), after(ms(50), heal("link"))),
    ),
  ],
  expect: [converged()],
});
