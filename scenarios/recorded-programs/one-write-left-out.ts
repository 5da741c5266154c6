import {
  converged,
  create,
  lostWrite,
  MiB,
  mirror,
  scenario,
  status,
  trace,
  violates,
  wait,
} from "../../harness/plan/index.ts";

// One write of the middle never reaches the disk of the secondary: a comparison of the bytes says so.
export default scenario({
  name: "recorded writes of SQLite with one write left out on the secondary: refused",
  requirements: ["HX-5", "HX-11"],
  topology: mirror({ sizeBytes: MiB(32), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    trace("pvol", "ext4-sqlite", { entries: { from: 0, to: 900 } }),
    lostWrite("svol", { count: 1 }),
    trace("pvol", "ext4-sqlite", { entries: { from: 900, to: 903 } }),
  ],
  expect: [violates("C", { fault: "lost-write" }), converged()],
});
