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
  repeat,
  scenario,
  sequence,
  status,
  step,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// With plain bitmaps: what was proven durable stays proven, the rest is copied again, and it ends.
export default scenario({
  name: "resync interrupted eight times while the host goes on writing",
  requirements: ["SR-6", "LS-5"],
  topology: mirror({ sizeBytes: MiB(2), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    cut("link"),
    write("pvol", fill("while suspended")),
    together(
      workload("pvol", { writes: 400, thinkUsMax: 20_000, flushEvery: 50 }),
      repeat(
        8,
        // Who cuts it waits before the resync can begin, which may be over soon.
        together(
          sequence(after(ms(10), heal("link")), bandwidth("link", "upstream", 30_000)),
          when(step("a", "resync.copied", 3), cut("link")),
        ),
      ),
    ),
    heal("link"),
  ],
  expect: [converged()],
});
