import {
  backup,
  converged,
  create,
  fill,
  heal,
  KiB,
  localMirror,
  ms,
  read,
  restore,
  restored,
  resync,
  scenario,
  sequence,
  stall,
  status,
  step,
  together,
  after,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// Tracks of 8 KiB; the copy moves eight at a time, from the start. What it reads waits until the stall is healed, so
// the writes to the first tracks come while their copy is under way, and those to the last before theirs.
const TRACK = KiB(8);

export default scenario({
  name: "a write before, during and after the copy of its track, whole and partial, and reads of each",
  requirements: ["CR-2", "CR-3", "CR-4", "CR-5", "CR-7"],
  topology: localMirror({ sizeBytes: KiB(512) }),
  steps: [
    write("pvol", fill("the moment of the backup")),
    create("gen1"),
    wait(status("gen1", "DUPLEX")),
    backup({ mirrors: ["gen1"] }),
    write("pvol", fill("what the restore replaces")),
    ...(["changed", "all"] as const).flatMap((scope) => [
      stall("gen1", ["read"]),
      together(
        sequence(restore("gen1", { scope })),
        // During: the copy of tracks 0 to 7 waits for its read.
        when(step("a", "restore.begin"), after(ms(1), write("pvol", { offsetBytes: 0, lengthBytes: TRACK }))),
        when(
          step("a", "restore.begin"),
          after(ms(1), write("pvol", { offsetBytes: 2 * TRACK + 512, lengthBytes: 1024 })),
        ),
        when(step("a", "restore.begin"), after(ms(1), read("pvol", TRACK, TRACK))),
        // Before: whole tracks need no copy; partial ones bring theirs first.
        when(step("a", "restore.begin"), after(ms(1), write("pvol", { offsetBytes: 60 * TRACK, lengthBytes: TRACK }))),
        when(
          step("a", "restore.begin"),
          after(ms(1), write("pvol", { offsetBytes: 62 * TRACK - 512, lengthBytes: 1024 })),
        ),
        when(step("a", "restore.begin"), after(ms(20), heal("gen1"))),
        // After.
        when(
          step("a", "restore.brought", 3),
          write("pvol", { offsetBytes: 4 * TRACK, lengthBytes: TRACK }),
          write("pvol", { offsetBytes: 5 * TRACK + 512, lengthBytes: 512 }),
          read("pvol", 0, 64 * TRACK),
        ),
      ),
      wait(restored("pvol")),
      read("pvol", 0, 64 * TRACK),
      workload("pvol", { writes: 20 }),
    ]),
    resync("gen1"),
  ],
  expect: [converged()],
});
