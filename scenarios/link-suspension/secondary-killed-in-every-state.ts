import {
  after,
  bandwidth,
  converged,
  crash,
  create,
  cut,
  fill,
  heal,
  MiB,
  mirror,
  ms,
  progress,
  restart,
  resync,
  scenario,
  seconds,
  split,
  status,
  together,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

// The secondary comes back with everything that it applied, and with no memory of what it acknowledged.
export default scenario({
  name: "secondary is killed in COPY, DUPLEX, SPLIT, suspended and during a resync",
  requirements: ["BR-1", "BR-2", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirror")),
    bandwidth("link", "upstream", 30_000),
    create("pair"),
    // COPY, the initial one
    together(
      workload("pvol", { writes: 40 }),
      when(progress("resync", "pair", 0.3), crash("b", "kill"), after(ms(20), restart("b"))),
    ),
    wait(status("pair", "DUPLEX")),
    // DUPLEX
    together(
      workload("pvol", { writes: 60, flushEvery: 10 }),
      when(written("pvol", 30), crash("b", "kill"), after(ms(20), restart("b"))),
    ),
    wait(status("pair", "DUPLEX")),
    // suspended by the link
    cut("link"),
    together(
      workload("pvol", { writes: 40, flushEvery: 10 }),
      when(written("pvol", 20), crash("b", "kill"), after(ms(20), restart("b"))),
    ),
    heal("link"),
    bandwidth("link", "upstream", 30_000),
    wait(status("pair", "DUPLEX")),
    // SPLIT
    split("pair"),
    together(
      workload("pvol", { writes: 60, flushEvery: 10 }),
      when(written("pvol", 30), crash("b", "kill"), after(ms(20), restart("b"))),
    ),
    // resync; by then both ends have noticed
    after(seconds(6), resync("pair")),
    together(
      workload("pvol", { writes: 40 }),
      when(progress("resync", "pair", 0.3), crash("b", "kill"), after(ms(20), restart("b"))),
    ),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged()],
});
