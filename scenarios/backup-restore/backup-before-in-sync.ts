import {
  after,
  attempt,
  backup,
  cascade,
  converged,
  crash,
  create,
  cut,
  fill,
  heal,
  MiB,
  ms,
  restart,
  resync,
  scenario,
  stall,
  status,
  step,
  throughout,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// Fig. 4, step 460: the local mirror is still being copied when the backup is taken. It is split at once, and
// what it lacks is copied as it was at that moment, while the primary goes on.
export default scenario({
  name: "backup onto a mirror that is still being copied, completed under writes, through a power loss and a cut",
  requirements: ["BR-2", "BR-6", "BR-8"],
  topology: cascade({ sizeBytes: MiB(1), mode: "sync", generations: ["gen1", "gen2"] }),
  steps: [
    write("pvol", fill("before")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    create("gen2"),
    wait(status("gen2", "DUPLEX")),
    throughout(
      status("pair", "DUPLEX"),
      together(
        create("gen1"),
        workload("pvol", { writes: 40 }),
        when(step("b", "local.copied"), backup({ mirrors: ["gen1", "gen2"] })),
      ),
    ),
    write("pvol", fill("after")),
    // Again, from a resync that has just begun; the power is lost while the mirror is completed. In real time the resync would
    // be through before the command is there.
    stall("gen1", ["write"]),
    together(
      resync("gen1"),
      workload("pvol", { writes: 40 }),
      when(
        step("b", "local.resync.begin"),
        together(attempt(backup({ mirrors: ["gen1"] }), "UNANSWERED"), after(ms(100), heal("gen1"))),
      ),
      when(step("b", "copy-out.copied"), crash("b", "power"), after(ms(20), restart("b"))),
    ),
    wait(status("pair", "DUPLEX")),
    cut("link"),
    workload("pvol", { writes: 10 }),
    heal("link"),
  ],
  expect: [converged()],
});
