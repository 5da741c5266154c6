import {
  after,
  converged,
  crash,
  create,
  cut,
  enospc,
  expectRefused,
  fill,
  heal,
  MiB,
  mirror,
  ms,
  restart,
  resync,
  scenario,
  sequence,
  status,
  step,
  takeover,
  together,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

// A host was told of a write that only the primary has. The suspension was durable before, so the primary comes
// back knowing that it wrote alone: what it holds is overwritten when the operator says so and not before.
export default scenario({
  name: "link cut under a synchronous write, primary lost the moment it acknowledges alone, takeover, return",
  requirements: ["LS-1", "LS-3", "LS-7", "BR-1"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync", latencyUs: 2000 }),
  steps: [
    write("pvol", fill("before the mirror")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 60, concurrency: 1, onGone: "stop" }),
      sequence(
        // The write is on its way to the secondary, and the table cannot be written for a while.
        when(written("pvol", 30, "issued"), after(ms(1), cut("link"), enospc("a/meta"))),
        together(when(written("pvol", 1), after(ms(2), crash("a", "power"))), after(ms(300), heal("a/meta"))),
      ),
    ),
    after(ms(10), takeover("pair")),
    workload("svol", { writes: 20 }),
    restart("a"),
    heal("link"),
    wait(step("b", "pair.decided")),
    expectRefused(resync("pair"), "DIVERGED"),
    expectRefused(resync("pair", { at: "b" }), "DIVERGED"),
    resync("pair", { at: "b", direction: "forward" }),
    wait(status("pair", "DUPLEX")),
    workload("svol", { writes: 20 }),
  ],
  expect: [converged()],
});
