import {
  after,
  converged,
  crash,
  create,
  hold,
  KiB,
  MiB,
  mirror,
  ms,
  release,
  restart,
  scenario,
  seconds,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// Everything arrives at once and is applied one write after the other: wherever that stops, it is a prefix.
export default scenario({
  name: "a held link lets a burst of writes go, and the secondary dies while it applies them",
  requirements: ["LS-1", "LS-7", "BR-4"],
  topology: mirror({ sizeBytes: MiB(1), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...(["kill", "power"] as const).flatMap((how) => [
      together(
        workload("pvol", {
          writes: 150,
          bytesMax: KiB(4),
          partialTrack: 1,
          concurrency: 8,
          range: { offsetBytes: 0, lengthBytes: KiB(64) },
        }),
        when(
          written("pvol", 10),
          hold("link", "upstream"),
          after(seconds(1), release("link")),
          after(ms(2), crash("b", how)),
          after(ms(50), restart("b")),
        ),
      ),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
