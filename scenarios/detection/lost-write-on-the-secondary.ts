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

// The disk says that it is done. Only a comparison of the bytes can tell, and must name the fault.
export default scenario({
  name: "lost write on the disk of the secondary is found and blamed on the disk",
  requirements: ["HX-5", "HX-11"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    lostWrite("svol", { nth: 20, count: 1 }),
    // Every sector is written once, so that no later write hides the damage.
    write("pvol", fill("once", KiB(16))),
  ],
  expect: [violates("C", { fault: "lost-write" }), converged()],
});
