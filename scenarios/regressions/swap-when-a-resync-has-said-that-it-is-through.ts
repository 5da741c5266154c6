import {
  converged,
  create,
  fill,
  journal,
  KiB,
  mark,
  mirror,
  recover,
  scenario,
  status,
  step,
  together,
  wait,
  when,
  withJournals,
  write,
} from "../../harness/plan/index.ts";

// What the swap changed was left to a resync that copied nothing any more.
export default scenario({
  name: "a volume is exchanged for its base between the last frame of the initial copy and the answer to it",
  requirements: ["JR-5", "JR-6"],
  topology: withJournals(mirror({ sizeBytes: KiB(64), mode: "async", latencyUs: 2000 }), ["pvol"]),
  steps: [
    write("pvol", fill("the moment to go back to")),
    wait(journal("pvol", { state: "logging" })),
    mark("m", ["pvol"]),
    write("pvol", fill("what is undone")),
    together(create("pair"), when(step("a", "resync.done.sent"), recover("pvol", { to: "m", method: "swap" }))),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged()],
});
