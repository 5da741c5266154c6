import {
  after,
  bandwidth,
  converged,
  create,
  cut,
  fill,
  heal,
  MiB,
  mirror,
  ms,
  progress,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// A secondary that has a part of the first copy is no moment of the primary, whichever part that is.
export default scenario({
  name: "asynchronous: link cut twice while the first copy goes over it, under writes",
  requirements: ["LS-5", "BR-2", "BR-4"],
  topology: mirror({ sizeBytes: MiB(2), mode: "async" }),
  steps: [
    write("pvol", fill("before the mirror")),
    bandwidth("link", "upstream", 1500),
    create("pair"),
    together(
      workload("pvol", { writes: 60, thinkUsMax: 5000, flushEvery: 15 }),
      when(progress("resync", "pair", 0.3), cut("link"), after(ms(50), heal("link"))),
    ),
    together(
      workload("pvol", { writes: 40, thinkUsMax: 5000 }),
      when(progress("resync", "pair", 0.6), cut("link"), after(ms(50), heal("link"))),
    ),
    heal("link"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 40, flushEvery: 10 }),
  ],
  expect: [converged()],
});
