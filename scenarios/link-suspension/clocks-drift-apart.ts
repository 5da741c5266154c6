import {
  after,
  converged,
  create,
  driftClock,
  hold,
  MiB,
  mirror,
  release,
  scenario,
  seconds,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// Timeouts are each end's own: ten per cent apart, the mirror neither flaps nor misses a dead peer.
export default scenario({
  name: "clocks ten per cent apart, then a stalled link",
  requirements: ["LS-1", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    driftClock("a", 50_000),
    driftClock("b", -50_000),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 60, thinkUsMax: 400_000 }),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 60 }),
      when(written("pvol", 20), hold("link", "upstream"), after(seconds(6), release("link"))),
    ),
  ],
  expect: [converged()],
});
