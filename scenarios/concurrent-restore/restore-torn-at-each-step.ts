import {
  attempt,
  converged,
  create,
  fill,
  localMirror,
  mark,
  MiB,
  restart,
  restore,
  restored,
  scenario,
  sequence,
  split,
  status,
  together,
  tornWrite,
  unchanged,
  wait,
  workload,
  write,
} from "../../harness/plan/index.ts";

const torn = (nth: number) =>
  [
    workload("pvol", { writes: 40, flushEvery: 10 }),
    tornWrite("a/meta", { sectors: 1, nth, count: 1 }),
    together(
      attempt(restore("gen1"), "RESTORE_RUNS"),
      sequence(workload("pvol", { writes: 60, partialTrack: 0.6, flushEvery: 5, onGone: "stop" }), restart("a")),
    ),
    wait(restored("pvol")),
  ] as const;

// The tables of a restore are torn: the volume is as before the command, or has the mirror's content.
export default scenario({
  name: "power lost within the first, second, third and fourth write of a restore's tables",
  requirements: ["CR-3", "CR-6", "CR-8"],
  topology: localMirror({ sizeBytes: MiB(1) }),
  steps: [
    write("pvol", fill("before")),
    create("gen1"),
    wait(status("gen1", "DUPLEX")),
    split("gen1"),
    mark("split", ["gen1"]),
    ...torn(1),
    ...torn(2),
    ...torn(3),
    ...torn(4),
  ],
  expect: [converged(), unchanged("gen1", "split")],
});
