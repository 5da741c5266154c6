import {
  after,
  backup,
  converged,
  crash,
  create,
  expectRefused,
  fill,
  KiB,
  localMirror,
  ms,
  restart,
  restore,
  restored,
  resync,
  scenario,
  status,
  step,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

const MOMENTS = [
  ["restore.begin", 1, "power"],
  ["restore.brought", 1, "power"],
  ["restore.brought", 2, "kill"],
  ["restore.brought", 5, "power"],
  ["restore.done", 1, "kill"],
  ["restore.done", 1, "power"],
] as const;

export default scenario({
  name: "the system goes down at each step of a restore and goes on with it, the mirror unchanged throughout",
  requirements: ["CR-2", "CR-6", "CR-8"],
  topology: localMirror({ sizeBytes: KiB(512), generations: ["gen1", "gen2"] }),
  steps: [
    write("pvol", fill("the moment of the backup")),
    create("gen1"),
    create("gen2"),
    wait(status("gen1", "DUPLEX")),
    wait(status("gen2", "DUPLEX")),
    backup({ mirrors: ["gen1"] }),
    ...MOMENTS.flatMap(([name, nth, how]) => [
      workload("pvol", { writes: 30 }),
      together(
        when(step("a", name, nth), crash("a", how), after(ms(5), restart("a"))),
        workload("pvol", { writes: 30, partialTrack: 0.5, flushEvery: 7, thinkUsMax: 300 }),
        restore("gen1"),
      ),
      wait(restored("pvol")),
    ]),
    // The second store takes nothing in before the restore is through.
    together(
      restore("gen1", { scope: "all" }),
      when(step("a", "restore.brought", 2), expectRefused(resync("gen1"), "ILLEGAL_TRANSITION")),
      when(step("a", "restore.brought", 3), expectRefused(restore("gen1"), "RESTORE_RUNS")),
    ),
    wait(restored("pvol")),
    resync("gen1"),
  ],
  expect: [converged()],
});
