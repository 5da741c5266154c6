import {
  after,
  cut,
  converged,
  crash,
  create,
  expectRefused,
  heal,
  hold,
  KiB,
  MiB,
  mirror,
  ms,
  restart,
  scenario,
  status,
  takeover,
  together,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

// A takeover is a history of its own even if nothing is written: the old primary must not pass for the present one.
export default scenario({
  name: "takeover and not one write before the old primary returns, behind a cut link at first",
  requirements: ["LS-7", "BR-2"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 400, flushEvery: 5, onGone: "stop" }),
      // The end of the connection is held as well: the secondary learns of it by the cut.
      when(written("pvol", 30), hold("link", "upstream"), after(ms(20), crash("a", "kill"), cut("link"))),
    ),
    wait(status("pair", "SPLIT", "secondary")),
    takeover("pair"),
    restart("a"),
    heal("link"),
    wait(status("pair", "DUPLEX")),
    expectRefused(write("pvol", { offsetBytes: 0, lengthBytes: KiB(8) }), "REFUSED"),
    workload("svol", { writes: 20 }),
  ],
  expect: [converged()],
});
