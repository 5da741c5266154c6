import {
  after,
  backup,
  create,
  fill,
  KiB,
  localMirror,
  ms,
  restore,
  restored,
  scenario,
  stall,
  status,
  step,
  together,
  wait,
  when,
  withJournals,
  write,
  heal,
} from "../../harness/plan/index.ts";

// The write had its number in the journal already when its track was brought; what was brought waited for the
// write, as changes happen in the order of their numbers, and the write for what was brought.
export default scenario({
  name: "a part of a track is written that a restore has not brought, and the volume has a journal",
  requirements: ["CR-4", "JR-3"],
  topology: withJournals(localMirror({ sizeBytes: KiB(256) }), ["pvol"]),
  steps: [
    write("pvol", fill("the moment of the backup")),
    create("gen1"),
    wait(status("gen1", "DUPLEX")),
    backup({ mirrors: ["gen1"] }),
    write("pvol", fill("what the restore replaces")),
    stall("gen1", ["read"]),
    together(
      restore("gen1", { scope: "all" }),
      when(step("a", "restore.begin"), after(ms(1), write("pvol", { offsetBytes: KiB(200) + 512, lengthBytes: 512 }))),
      when(step("a", "restore.begin"), after(ms(5), heal("gen1"))),
    ),
    wait(restored("pvol")),
  ],
  expect: [],
});
