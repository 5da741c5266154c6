import {
  after,
  converged,
  create,
  cut,
  exactly,
  expectRefused,
  failback,
  heal,
  KiB,
  MiB,
  mirror,
  ms,
  scenario,
  status,
  step,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// Between the two roles there may be no primary for a moment, but never two; after the cut the ends agree on one.
export default scenario({
  name: "planned swap of the roles cut at its beginning, on its way and at its end",
  requirements: ["BR-2", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 20 }),
    // Before anything was given up.
    together(when(exactly(step("a", "command")), cut("link")), expectRefused(failback("pair"), "LINK_DOWN")),
    after(ms(20), heal("link")),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(8) }),
    expectRefused(write("svol", { offsetBytes: 0, lengthBytes: KiB(8) }), "REFUSED"),
    // The primary has given up and told nobody: the ends find two secondaries, and it is primary again.
    together(when(exactly(step("a", "cmt.persisted")), cut("link")), expectRefused(failback("pair"), "UNANSWERED")),
    after(ms(20), heal("link")),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(8) }),
    expectRefused(write("svol", { offsetBytes: 0, lengthBytes: KiB(8) }), "REFUSED"),
    // The order has arrived and its acknowledgement has not: the other is primary.
    together(when(exactly(step("a", "pair.swapping")), cut("link")), expectRefused(failback("pair"), "UNANSWERED")),
    after(ms(20), heal("link")),
    wait(status("pair", "DUPLEX")),
    write("svol", { offsetBytes: 0, lengthBytes: KiB(8) }),
    expectRefused(write("pvol", { offsetBytes: 0, lengthBytes: KiB(8) }), "REFUSED"),
    // The same the other way round.
    together(
      when(exactly(step("b", "cmt.persisted")), cut("link")),
      expectRefused(failback("pair", { at: "b" }), "UNANSWERED"),
    ),
    after(ms(20), heal("link")),
    wait(status("pair", "DUPLEX")),
    write("svol", { offsetBytes: 0, lengthBytes: KiB(8) }),
    expectRefused(write("pvol", { offsetBytes: 0, lengthBytes: KiB(8) }), "REFUSED"),
    // The swap is done, and the cut is its first news.
    together(
      when(exactly(step("a", "pair.swapped")), cut("link")),
      expectRefused(failback("pair", { at: "b" }), "UNANSWERED"),
    ),
    after(ms(20), heal("link")),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(8) }),
    expectRefused(write("svol", { offsetBytes: 0, lengthBytes: KiB(8) }), "REFUSED"),
    workload("pvol", { writes: 20 }),
  ],
  expect: [converged()],
});
