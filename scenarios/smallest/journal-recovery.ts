import {
  after,
  converged,
  create,
  flush,
  KiB,
  mark,
  mirror,
  ms,
  recover,
  restored,
  scenario,
  status,
  wait,
  withJournals,
  write,
} from "../../harness/plan/index.ts";

// Back to an earlier moment while the remote mirror stays in step, and on from there.
export default scenario({
  name: "smallest: a volume is recovered to a mark from its journal, under its remote mirror",
  requirements: ["JR-4"],
  topology: withJournals(mirror({ sizeBytes: KiB(64), mode: "sync" }), ["pvol"]),
  steps: [
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(16) }),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    // Long enough for what is marked as under way to be cleared.
    after(ms(120), write("pvol", { offsetBytes: KiB(12), lengthBytes: KiB(8) })),
    mark("before", ["pvol"]),
    write("pvol", { offsetBytes: KiB(3), lengthBytes: KiB(2) }),
    write("pvol", { offsetBytes: KiB(24), lengthBytes: KiB(10) }),
    flush("pvol"),
    write("pvol", { offsetBytes: KiB(1), lengthBytes: KiB(1) }),
    write("pvol", { offsetBytes: KiB(40), lengthBytes: KiB(4) }),
    recover("pvol", { to: "before" }),
    write("pvol", { offsetBytes: KiB(26), lengthBytes: KiB(2) }),
    wait(restored("pvol")),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: KiB(32), lengthBytes: KiB(4) }),
  ],
  expect: [converged()],
});
