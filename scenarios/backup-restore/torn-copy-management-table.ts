import {
  after,
  converged,
  create,
  cut,
  down,
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
    ...(["a", "b"] as const).flatMap((system) =>
      [0, 1].flatMap((sectors) => [
        tornWrite(`${system}/meta`, { sectors, count: 1, range: { offsetBytes: 0, lengthBytes: KiB(32) } }),
        // The suspension is a transition at both ends.
        together(
          workload("pvol", { writes: 30 }),
          when(
            written("pvol", 5),
            cut("link"),
            wait(down(system)),
            after(ms(20), restart(system), heal(`${system}/meta`), heal("link")),
          ),
        ),
        wait(status("pair", "DUPLEX")),
      ]),
    ),
  ],
  expect: [converged()],
});
