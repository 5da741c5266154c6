import {
  after,
  converged,
  crash,
  create,
  heal,
  MiB,
  mirror,
  ms,
  resetPeer,
  restart,
  scenario,
  slowClose,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// A slow close lets the old connection linger beside the new one.
export default scenario({
  name: "connections reset under writes, and closed late when a program ends",
  requirements: ["LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...(["upstream", "downstream"] as const).flatMap((direction) => [
      together(
        workload("pvol", { writes: 60 }),
        when(written("pvol", 20), resetPeer("link", direction, 20), after(ms(100), heal("link"))),
      ),
      wait(status("pair", "DUPLEX")),
    ]),
    slowClose("link", "downstream", 300),
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 20), crash("b", "kill"), after(ms(20), restart("b"))),
    ),
    after(ms(500), heal("link")),
    wait(status("pair", "DUPLEX")),
    slowClose("link", "upstream", 300),
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 20), crash("a", "kill"), after(ms(20), restart("a"))),
    ),
    after(ms(500), heal("link")),
  ],
  expect: [converged()],
});
