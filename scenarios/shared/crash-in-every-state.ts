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
  type Plan,
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

/** The same story for either end and for either way to go down, once in each state that a pair can be in. */
export function crashInEveryState(
  side: "primary" | "secondary",
  how: "kill" | "power",
  mode: "sync" | "async" = "sync",
): Plan {
  const system = side === "primary" ? "a" : "b";
  const crashAndReturn = [crash(system, how), after(ms(20), restart(system))] as const;
  return scenario({
    name: `${mode === "async" ? "asynchronous: " : ""}${side} ${how === "kill" ? "is killed" : "loses power"} in COPY, DUPLEX, SPLIT, suspended and during a resync`,
    requirements: ["BR-1", "BR-2", "LS-3", "LS-5"],
    topology: mirror({ sizeBytes: MiB(1), mode }),
    steps: [
      write("pvol", fill("before the mirror")),
      bandwidth("link", "upstream", 2_000),
      create("pair"),
      // COPY, the initial one
      together(workload("pvol", { writes: 40 }), when(progress("resync", "pair", 0.3), ...crashAndReturn)),
      wait(status("pair", "DUPLEX")),
      // DUPLEX
      together(workload("pvol", { writes: 60, flushEvery: 10 }), when(written("pvol", 30), ...crashAndReturn)),
      wait(status("pair", "DUPLEX")),
      // suspended by the link
      cut("link"),
      together(workload("pvol", { writes: 40, flushEvery: 10 }), when(written("pvol", 20), ...crashAndReturn)),
      heal("link"),
      bandwidth("link", "upstream", 2_000),
      wait(status("pair", "DUPLEX")),
      // SPLIT
      split("pair"),
      together(workload("pvol", { writes: 60, flushEvery: 10 }), when(written("pvol", 30), ...crashAndReturn)),
      // resync; by then both ends have noticed
      after(seconds(6), resync("pair")),
      together(workload("pvol", { writes: 40 }), when(progress("resync", "pair", 0.3), ...crashAndReturn)),
      wait(status("pair", "DUPLEX")),
    ],
    expect: [converged()],
  });
}
