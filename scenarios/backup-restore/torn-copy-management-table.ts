import {
  after,
  converged,
  create,
  cut,
  heal,
  KiB,
  MiB,
  mirror,
  ms,
  restart,
  scenario,
  status,
  together,
  tornWrite,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// The table lies in two slots; a torn slot leaves the other, and the state before the transition is found again.
export default scenario({
  name: "power lost within a write of the copy management table, on either side, at each transition",
  requirements: ["BR-1", "BR-2", "HX-6"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...(["a/meta", "b/meta"] as const).flatMap((disk) =>
      [0, 1].flatMap((sectors) => [
        tornWrite(disk, { sectors, count: 1, range: { offsetBytes: 0, lengthBytes: KiB(32) } }),
        // The suspension is a transition at both ends.
        together(
          workload("pvol", { writes: 30 }),
          when(written("pvol", 5), cut("link"), after(ms(20), restart("a"), restart("b"), heal(disk), heal("link"))),
        ),
        wait(status("pair", "DUPLEX")),
      ]),
    ),
  ],
  expect: [converged()],
});
