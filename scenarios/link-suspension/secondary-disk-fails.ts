import {
  after,
  converged,
  create,
  eio,
  enospc,
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

// No host write fails because the copy's disk does: the pair is suspended and comes back by itself.
export default scenario({
  name: "disk of the secondary: EIO, no space, failed flush; the hosts of the primary see nothing of it",
  requirements: ["LS-1", "LS-3", "LS-5", "SR-6"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(workload("pvol", { writes: 30 }), when(written("pvol", 10), eio("svol", ["write"], { count: 3 }))),
    after(ms(20), heal("svol")),
    wait(status("pair", "DUPLEX"), { withinMs: 20_000 }),
    together(workload("pvol", { writes: 30 }), when(written("pvol", 10), enospc("svol", { count: 3 }))),
    after(ms(20), heal("svol")),
    wait(status("pair", "DUPLEX"), { withinMs: 20_000 }),
    together(
      workload("pvol", { writes: 30, flushEvery: 5 }),
      when(written("pvol", 10), eio("svol", ["flush"], { count: 2 })),
    ),
  ],
  expect: [converged()],
});
