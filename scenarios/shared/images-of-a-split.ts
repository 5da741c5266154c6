import {
  after,
  bandwidth,
  converged,
  crash,
  create,
  cut,
  fill,
  flush,
  heal,
  image,
  MiB,
  mirror,
  ms,
  type Plan,
  progress,
  readImage,
  restart,
  restored,
  resync,
  rollback,
  scenario,
  split,
  status,
  step,
  together,
  wait,
  when,
  withImages,
  withJournals,
  withTracker,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

const METHODS = { "reserved-area": "LS-2a", lsn: "LS-2b", "old-data": "LS-2c" } as const;

/**
 * Both sides write on their own, each beside its image; a resync that is cut leaves a mixture, and the
 * overwritten side goes back to its image and resyncs again. For every method and tracker (LS-9).
 */
export function imagesOfASplit(method: "reserved-area" | "old-data" | "lsn", tracker: "bitmap" | "lsn"): Plan {
  const mirrored = withTracker(mirror({ sizeBytes: MiB(1), mode: "sync" }), tracker);
  const volumes = ["pvol", "svol"] as const;
  const topology = method === "lsn" ? withJournals(mirrored, volumes, { logBytes: MiB(6) }) : mirrored;
  return scenario({
    name: `images of both sides (${method}, ${tracker}) through power losses, a failed resync and a rollback`,
    requirements: ["LS-1", METHODS[method], "LS-3", "LS-4", "LS-5", "LS-6", "LS-7", "LS-8", "LS-9"],
    topology: withImages(topology, volumes, { method }),
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX")),
      write("pvol", fill("the same on both sides")),
      split("pair", { secondary: "read-write" }),
      wait(image("pvol")),
      wait(image("svol")),
      together(
        workload("pvol", { writes: 120, thinkUsMax: 2_000, flushEvery: 15 }),
        workload("svol", { writes: 120, thinkUsMax: 2_000, flushEvery: 15 }),
        // Each by its own writes: while one system starts again, the other's host may come to its end.
        when(written("pvol", 30), crash("a", "power"), after(ms(15), restart("a"))),
        when(written("svol", 60), crash("b", "power"), after(ms(15), restart("b"))),
      ),
      wait(image("pvol")),
      wait(image("svol")),
      together(readImage("pvol"), readImage("svol"), workload("pvol", { writes: 20 })),
      flush("svol"),
      bandwidth("link", "upstream", 1_000),
      after(ms(2_000), resync("pair", { direction: "forward" })),
      when(progress("resync", "pair", 0.4), cut("link")),
      // The content of before the resync, although some of it was overwritten.
      wait(status("pair", "SPLIT", "secondary")),
      wait(image("svol")),
      readImage("svol"),
      crash("b", "power"),
      after(ms(15), restart("b")),
      readImage("svol"),
      together(rollback("svol"), when(step("b", "restore.brought"), crash("b", "power"), after(ms(15), restart("b")))),
      wait(restored("svol")),
      readImage("svol"),
      heal("link"),
      bandwidth("link", "upstream", 1_000),
      when(progress("resync", "pair", 0.5), crash("b", "power"), after(ms(15), restart("b"))),
      when(progress("resync", "pair", 0.5), crash("a", "power"), after(ms(15), restart("a"))),
      wait(status("pair", "DUPLEX"), { withinMs: 60_000 }),
      wait(image("svol", "none")),
    ],
    expect: [converged()],
  });
}
