import {
  converged,
  create,
  fill,
  KiB,
  MiB,
  mirror,
  misdirectedWrite,
  scenario,
  status,
  violates,
  wait,
  write,
} from "../../harness/plan/index.ts";

// Two places are wrong: where it did not go and where it did.
export default scenario({
  name: "misdirected write on the disk of the secondary is found and blamed on the disk",
  requirements: ["HX-5", "HX-11"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    misdirectedWrite("svol", { toOffsetBytes: KiB(64), nth: 20, count: 1 }),
    // Every sector is written once, so that no later write hides the damage.
    write("pvol", fill("once", KiB(16))),
  ],
  expect: [violates("C", { fault: "misdirected-write" }), converged()],
});
