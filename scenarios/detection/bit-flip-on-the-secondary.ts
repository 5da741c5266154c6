import {
  bitFlip,
  converged,
  create,
  fill,
  KiB,
  MiB,
  mirror,
  scenario,
  status,
  violates,
  wait,
  write,
} from "../../harness/plan/index.ts";

// One bit in one sector of one track.
export default scenario({
  name: "bit flip on the disk of the secondary is found and blamed on the disk",
  requirements: ["HX-5", "HX-11"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    bitFlip("svol", { bitIndex: 1234, nth: 20, count: 1 }),
    // Every sector is written once, so that no later write hides the damage.
    write("pvol", fill("once", KiB(16))),
  ],
  expect: [violates("C", { fault: "bit-flip" }), converged()],
});
