import {
  after,
  connected,
  converged,
  crash,
  create,
  cut,
  heal,
  MiB,
  mirror,
  ms,
  restart,
  resync,
  scenario,
  split,
  status,
  step,
  together,
  wait,
  when,
  workload,
} from "../../harness/plan/index.ts";

// The secondary cannot hear of the command when it is given. It hears of it when the ends meet, and not before hosts write there.
export default scenario({
  name: "split read-write of a pair that an outage has suspended: hosts write to the secondary once the ends have met",
  requirements: ["LS-3", "LS-5", "LS-6", "BR-2"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 30 }),
    cut("link"),
    wait(status("pair", "SPLIT")),
    workload("pvol", { writes: 30 }),
    split("pair", { secondary: "read-write" }),
    together(
      heal("link"),
      // It has heard of it and nobody has written yet: the power goes, and the word is there afterwards.
      when(step("b", "pair.split.learned"), crash("b", "power"), after(ms(100), restart("b"))),
    ),
    wait(connected("pair")),
    together(
      workload("svol", { writes: 40, partialTrack: 0.5 }),
      workload("pvol", { writes: 40, partialTrack: 0.5 }),
      when(step("b", "pair.forked"), cut("link"), after(ms(200), heal("link"))),
    ),
    wait(connected("pair")),
    together(resync("pair"), when(step("a", "resync.copied", 3), cut("link"), after(ms(200), heal("link")))),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 10 }),
  ],
  expect: [converged()],
});
