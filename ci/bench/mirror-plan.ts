import {
  after,
  connected,
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

/**
 * The standard mirror scenario: a pair is made, then a minute of an ordinary host, about 40 writes
 * a second of up to 8 KiB with a flush after every tenth, and the link lost for ten seconds of it.
 */
export function standardMirror(): Plan {
  return scenario({
    name: "standard mirror",
    requirements: ["BR-4", "LS-5"],
    topology: mirror({ sizeBytes: MiB(4), trackBytes: KiB(8), mode: "sync", latencyUs: 2000 }),
    steps: [
      write("pvol", fill("before")),
      create("pair"),
      wait(status("pair", "DUPLEX")),
      together(
        workload("pvol", {
          writes: 2400,
          flushEvery: 10,
          trim: 0.05,
          fua: 0.1,
          bytesMax: KiB(8),
          thinkUsMax: 200_000,
        }),
        after(ms(20_000), cut("link"), after(ms(10_000), heal("link"))),
      ),
    ],
    expect: [converged()],
  });
}

/** A small pair under 200 writes of at most 4 KiB that 5 faults interrupt: what a hunt runs by the thousand. */
export function faultyMirror(): Plan {
  return scenario({
    name: "mirror with 200 writes and 5 faults",
    requirements: ["BR-4"],
    topology: mirror({ sizeBytes: KiB(256), trackBytes: KiB(8), mode: "async" }),
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX")),
      together(
        workload("pvol", { writes: 200, flushEvery: 10, trim: 0.1, fua: 0.2, bytesMax: KiB(4), thinkUsMax: 10_000 }),
        when(written("pvol", 30), cut("link"), after(ms(30), heal("link"))),
        when(
          written("pvol", 60),
          when(
            connected("pair"),
            latency("link", "upstream", { latencyMs: 5, jitterMs: 2 }),
            after(ms(20), heal("link")),
          ),
        ),
        when(written("pvol", 120), crash("b", "power"), after(ms(20), restart("b"))),
        when(written("pvol", 150), crash("a", "kill"), after(ms(20), restart("a"))),
        when(written("pvol", 180), when(connected("pair"), pause("b"), after(ms(15), resume("b")))),
      ),
    ],
    expect: [converged()],
  });
}
