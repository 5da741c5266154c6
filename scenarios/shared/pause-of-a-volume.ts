import {
  after,
  converged,
  create,
  crash,
  cut,
  heal,
  MiB,
  mirror,
  ms,
  pauseAtMost,
  type Plan,
  restart,
  resyncBytes,
  scenario,
  status,
  together,
  wait,
  when,
  withImages,
  workload,
  written,
} from "../../harness/plan/index.ts";

/** The same story for a volume of any size: the pauses of its hosts are bounded by the same number of flushes (SR-4). */
export function pauseOfAVolume(sizeText: string, sizeBytes: number): Plan {
  // Hosts use the head of the volume alone: what differs is its size.
  const busy = workload("pvol", {
    writes: 120,
    thinkUsMax: 100,
    range: { offsetBytes: 0, lengthBytes: MiB(1) },
    bytesMax: 65_536,
  });
  return scenario({
    name: `hosts of a volume of ${sizeText} pause for two flushes at most, whatever interrupts its mirror`,
    requirements: ["SR-1", "SR-4"],
    topology: withImages(mirror({ sizeBytes, trackBytes: MiB(1), mode: "sync" }), ["pvol", "svol"], {
      method: "old-data",
      areaBytes: MiB(8),
    }),
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX"), { withinMs: 600_000 }),
      together(busy, when(written("pvol", 60), cut("link"), after(ms(30), heal("link")))),
      wait(status("pair", "DUPLEX")),
      together(
        busy,
        when(written("pvol", 20), cut("link"), after(ms(5), heal("link"))),
        when(written("pvol", 60), cut("link"), after(ms(5), heal("link"))),
        when(written("pvol", 100), cut("link"), after(ms(5), heal("link"))),
      ),
      wait(status("pair", "DUPLEX")),
      together(busy, when(written("pvol", 60), crash("b", "power"), after(ms(30), restart("b")))),
    ],
    expect: [converged({ withinMs: 600_000 }), pauseAtMost("a", { flushes: 2 }), resyncBytes("link")],
  });
}
