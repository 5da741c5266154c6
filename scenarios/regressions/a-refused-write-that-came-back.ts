import {
  after,
  converged,
  crash,
  create,
  eio,
  fill,
  heal,
  journal,
  KiB,
  mirror,
  ms,
  read,
  restart,
  scenario,
  status,
  wait,
  withJournals,
  workload,
  write,
} from "../../harness/plan/index.ts";

// The disk refuses the writes, and then to say what they have left; the journal has them. When it works again its host reads
// what is there. A start that made the writes once more, as the journal has them, would make them appear after that.
export default scenario({
  name: "writes that a disk refused are read by their host, and the program is killed",
  requirements: ["JR-3"],
  topology: withJournals(mirror({ sizeBytes: KiB(96), mode: "sync" }), ["pvol"], { logBytes: KiB(1500) }),
  steps: [
    write("pvol", fill("first")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    wait(journal("pvol", { state: "logging" })),
    eio("pvol", ["read", "write"]),
    workload("pvol", { writes: 8, reads: 0 }),
    heal("pvol"),
    read("pvol", 0, KiB(96)),
    crash("a", "kill"),
    after(ms(20), restart("a")),
    wait(status("pair", "DUPLEX")),
    read("pvol", 0, KiB(96)),
  ],
  expect: [converged()],
});
