import {
  after,
  converged,
  crash,
  create,
  cut,
  deletePair,
  exactly,
  expectRefused,
  heal,
  KiB,
  MiB,
  mirror,
  ms,
  restart,
  scenario,
  split,
  status,
  step,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// Whatever comes in between, the end that was asked knows the pair until the other one has forgotten it.
export default scenario({
  name: "a pair is deleted across a cut, a loss of power and an end that is gone, and made again",
  requirements: ["BR-1", "BR-2", "BR-12"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 30 }),
    expectRefused(deletePair("pair"), "ILLEGAL_TRANSITION"),
    expectRefused(deletePair("pair", { at: "b", scope: "here" }), "PEER_HAS_PAIR"),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(8) }),
    split("pair", { secondary: "read-write" }),

    // The other end has not heard of it: nothing has happened, and the pair still knows what differs.
    together(
      workload("svol", { writes: 20 }),
      workload("pvol", { writes: 20 }),
      when(exactly(step("a", "command")), cut("link")),
      expectRefused(deletePair("pair"), "UNANSWERED"),
    ),
    after(ms(20), heal("link")),
    wait(status("pair", "SPLIT", "secondary")),

    // The other end has forgotten it, and loses power before it can say so.
    together(
      workload("pvol", { writes: 20 }),
      workload("svol", { writes: 20, onGone: "stop" }),
      when(exactly(step("b", "pair.deleted")), crash("b", "power")),
      expectRefused(deletePair("pair"), "UNANSWERED"),
    ),
    restart("b"),
    workload("svol", { writes: 20 }),
    deletePair("pair"),
    expectRefused(deletePair("pair", { at: "b" }), "PAIR_UNKNOWN"),
    together(workload("svol", { writes: 20 }), workload("pvol", { writes: 20 })),

    // Made again, all of it is copied; this time the primary loses power as soon as it has forgotten, and stays away.
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 20 }),
    split("pair", { secondary: "read-write" }),
    together(
      when(exactly(step("a", "pair.deleted")), crash("a", "power")),
      expectRefused(deletePair("pair", { at: "b" }), "UNANSWERED"),
    ),
    workload("svol", { writes: 20 }),
    deletePair("pair", { at: "b", scope: "here" }),
    restart("a"),
    workload("pvol", { writes: 20 }),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 20 }),
  ],
  expect: [converged()],
});
