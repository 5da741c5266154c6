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
  write,
} from "../../harness/plan/index.ts";

// The secondary's disk refuses the second write, keeps a part of it, and refuses to say which. Its journal has the first write, which is not
// flushed, and the second one as void. So the start brings the first write back, where a part of the second one is: nobody has seen that.
export default scenario({
  name: "a start of a secondary puts back what was there before a write that its disk refused",
  requirements: ["JR-3"],
  topology: withJournals(mirror({ sizeBytes: KiB(16), mode: "sync" }), ["svol"], { logBytes: KiB(300) }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    wait(journal("svol", { state: "logging" })),
    write("pvol", fill("first")),
    eio("svol", ["read", "write"]),
    write("pvol", fill("second")),
    crash("b", "kill"),
    heal("svol"),
    after(ms(20), restart("b")),
    wait(status("pair", "DUPLEX")),
    read("pvol", 0, KiB(16)),
  ],
  expect: [converged()],
});
