import {
  after,
  converged,
  create,
  eio,
  fill,
  heal,
  journal,
  KiB,
  mark,
  mirror,
  ms,
  recover,
  restored,
  scenario,
  status,
  together,
  wait,
  withJournals,
  workload,
  write,
} from "../../harness/plan/index.ts";

// What the disk did with the writes is not known, as it could not be read either; the journal has them, and so gets the
// base. They are older than the moment, so the exchange did not tell the mirror of their tracks, which held what the
// volume had held.
export default scenario({
  name: "a recovery by swap to a moment after writes that a disk refused and that could not be read back",
  requirements: ["JR-6", "JR-8"],
  topology: withJournals(mirror({ sizeBytes: KiB(96), mode: "sync" }), ["pvol"], { logBytes: KiB(1500) }),
  steps: [
    write("pvol", fill("first")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    wait(journal("pvol", { state: "logging" })),
    eio("pvol", ["read", "write"]),
    together(workload("pvol", { writes: 8, concurrency: 2 }), after(ms(20), heal("pvol"))),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(2) }),
    mark("mended", ["pvol"]),
    write("pvol", { offsetBytes: KiB(2), lengthBytes: KiB(2) }),
    recover("pvol", { to: "mended", method: "swap" }),
    wait(restored("pvol")),
  ],
  expect: [converged()],
});
