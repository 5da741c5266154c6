import {
  converged,
  create,
  fill,
  KiB,
  lostWrite,
  MiB,
  mirror,
  scenario,
  status,
  violates,
  wait,
  write,
} from "../../harness/plan/index.ts";

// The mirror is right and the production volume is not: what the host was told is there is not there.
export default scenario({
  name: "lost write on the disk of the primary is found and blamed on the disk",
  requirements: ["HX-5", "HX-11"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    lostWrite("pvol", { nth: 20, count: 1 }),
    write("pvol", fill("once", KiB(16))),
  ],
  expect: [violates("A", { fault: "lost-write" }), converged()],
});
