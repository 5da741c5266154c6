import {
  after,
  converged,
  crash,
  create,
  cut,
  fill,
  heal,
  KiB,
  latency,
  MiB,
  mirror,
  ms,
  type Plan,
  pause,
  restart,
  resume,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

/** A mirrored pair under an ordinary host, about 40 writes a second, and no fault: what virtual time costs. */
export function standardMirror(): Plan {
  return scenario({
    name: "standard mirror",
    requirements: ["BR-4"],
    topology: mirror({ sizeBytes: MiB(4), trackBytes: KiB(8), mode: "sync", latencyUs: 2000 }),
    steps: [
      write("pvol", fill("before")),
      create("pair"),
      wait(status("pair", "DUPLEX")),
      workload("pvol", { writes: 200, flushEvery: 10, trim: 0.05, fua: 0.1, thinkUsMax: 200_000 }),
    ],
    expect: [converged()],
  });
}

/** The same under 200 writes that 5 faults interrupt: what a hunt runs by the thousand. */
export function faultyMirror(): Plan {
  return scenario({
    name: "mirror with 200 writes and 5 faults",
    requirements: ["BR-4"],
    topology: mirror({ sizeBytes: MiB(1), trackBytes: KiB(8), mode: "async" }),
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX")),
      together(
        workload("pvol", { writes: 200, flushEvery: 10, trim: 0.1, fua: 0.2, thinkUsMax: 10_000 }),
        when(written("pvol", 30), cut("link"), after(ms(30), heal("link"))),
        when(written("pvol", 60), crash("b", "power"), after(ms(20), restart("b"))),
        when(
          written("pvol", 90),
          latency("link", "upstream", { latencyMs: 5, jitterMs: 2 }),
          after(ms(20), heal("link")),
        ),
        when(written("pvol", 120), crash("a", "kill"), after(ms(20), restart("a"))),
        when(written("pvol", 160), pause("b"), after(ms(15), resume("b"))),
      ),
    ],
    expect: [converged()],
  });
}
