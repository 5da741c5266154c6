import {
  converged,
  crash,
  create,
  fill,
  flush,
  KiB,
  mirror,
  restart,
  scenario,
  status,
  wait,
  write,
} from "../../harness/plan/index.ts";

// What the program that was killed had left in the cache of the disk passed for durable in the next one: the marks of
// its tracks were cleared once the other end had them.
export default scenario({
  name: "power goes soon after a program was killed and has started again",
  requirements: ["LS-3", "LS-5"],
  topology: mirror({ sizeBytes: KiB(128), regionBytes: KiB(16), hotRegions: 1, mode: "sync" }),
  steps: [
    write("pvol", fill("at first")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    flush("pvol"),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(16) }),
    crash("a", "kill"),
    restart("a"),
    wait(status("pair", "DUPLEX")),
    // Marks that memory does not need go to make room for these.
    write("pvol", { offsetBytes: KiB(64), lengthBytes: KiB(8) }),
    write("pvol", { offsetBytes: KiB(96), lengthBytes: KiB(8) }),
    crash("a", "power"),
    restart("a"),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged()],
});
