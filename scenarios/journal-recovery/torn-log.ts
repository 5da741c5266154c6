import {
  after,
  converged,
  create,
  cut,
  heal,
  journal,
  KiB,
  mark,
  MiB,
  mirror,
  ms,
  recover,
  restart,
  restored,
  scenario,
  status,
  step,
  together,
  tornWrite,
  wait,
  when,
  withJournals,
  workload,
  written,
} from "../../harness/plan/index.ts";

const topology = withJournals(mirror({ sizeBytes: KiB(512), mode: "sync" }), ["pvol"], { logBytes: MiB(8) });
const torn = (disk: "pvol-log" | "pvol" | "a/meta", nth: number, label: string) =>
  [
    together(
      workload("pvol", { writes: 40, flushEvery: 8, partialTrack: 0.6 }),
      // The cut makes the tables change as well.
      when(written("pvol", 15), cut("link"), tornWrite(disk, { sectors: 1, nth, count: 1 })),
      when(written("pvol", 15), after(ms(60), restart("a"), heal("link"))),
    ),
    wait(journal("pvol", { state: "logging" })),
    wait(status("pair", "DUPLEX")),
    mark(label, ["pvol"]),
  ] as const;

// An entry is wholly there or not at all, whichever of its sectors survive; what was acknowledged is there.
export default scenario({
  name: "power lost within writes of the log, the volume and the tables; then back to each of the moments between",
  requirements: ["JR-1", "JR-2", "JR-3", "JR-8"],
  topology,
  steps: [
    wait(journal("pvol", { state: "logging" })),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 30, flushEvery: 10 }),
    mark("whole", ["pvol"]),
    ...torn("pvol-log", 1, "first"),
    ...torn("pvol-log", 4, "second"),
    ...torn("pvol", 3, "third"),
    ...torn("a/meta", 1, "fourth"),
    recover("pvol", { to: "second" }),
    wait(restored("pvol")),
    recover("pvol", { to: "fourth", by: "time" }),
    wait(restored("pvol")),
    together(
      recover("pvol", { to: "whole" }),
      when(step("a", "restore.brought"), tornWrite("pvol", { sectors: 1, count: 1 }), after(ms(30), restart("a"))),
    ),
    wait(restored("pvol")),
    workload("pvol", { writes: 20 }),
  ],
  expect: [converged()],
});
