import {
  attempt,
  converged,
  create,
  enospc,
  fill,
  heal,
  KiB,
  labelled,
  localMirror,
  scenario,
  status,
  wait,
  write,
} from "../../harness/plan/index.ts";

// The first bitmap of the mirror is written, the second one refused: that ended the program of the system.
export default scenario({
  name: "a mirror is made while the metadata disk is full: the command is refused, and can be given again",
  requirements: ["BR-5", "BR-7"],
  topology: localMirror({ sizeBytes: KiB(64) }),
  steps: [
    write("pvol", fill("first")),
    labelled("full", enospc("a/meta", { nth: 2, count: 1 })),
    attempt(create("gen1"), "DISK_FAILED"),
    heal("full"),
    create("gen1"),
    wait(status("gen1", "DUPLEX")),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(12) }),
  ],
  expect: [converged()],
});
