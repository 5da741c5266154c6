import {
  after,
  converged,
  create,
  flush,
  group,
  journal,
  KiB,
  mark,
  ms,
  recoverGroup,
  restored,
  scenario,
  status,
  together,
  wait,
  withJournals,
  write,
} from "../../harness/plan/index.ts";

// Two volumes go back to one moment, under their remote mirrors: both or none.
export default scenario({
  name: "smallest: two volumes of a group are recovered to one mark from their journals, under their remote mirrors",
  requirements: ["JR-2", "JR-4"],
  topology: withJournals(group(["log", "data"], { sizeBytes: KiB(32), mode: "sync" }), ["log-p", "data-p"], {
    group: "database",
  }),
  steps: [
    create("log"),
    create("data"),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    wait(journal("log-p", { state: "logging" })),
    wait(journal("data-p", { state: "logging" })),
    together(
      write("log-p", { offsetBytes: 0, lengthBytes: KiB(8) }),
      write("data-p", { offsetBytes: KiB(4), lengthBytes: KiB(8) }),
    ),
    // Long enough for what is marked as under way to be cleared.
    after(ms(120), mark("before", ["log-p", "data-p"])),
    after(ms(1), write("log-p", { offsetBytes: KiB(3), lengthBytes: KiB(6) })),
    write("data-p", { offsetBytes: KiB(10), lengthBytes: KiB(4) }),
    flush("log-p"),
    flush("data-p"),
    recoverGroup("log-p", { to: "before", by: "time" }),
    write("data-p", { offsetBytes: KiB(20), lengthBytes: KiB(2) }),
    wait(restored("log-p")),
    wait(restored("data-p")),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
  ],
  expect: [converged()],
});
