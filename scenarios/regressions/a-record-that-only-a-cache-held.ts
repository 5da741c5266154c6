import {
  after,
  converged,
  crash,
  create,
  eio,
  fill,
  flush,
  heal,
  KiB,
  mirror,
  ms,
  repeat,
  restart,
  scenario,
  status,
  together,
  wait,
  withJournals,
  write,
} from "../../harness/plan/index.ts";

// What a disk refuses may be in its cache all the same, and a program that is killed leaves it there. The next one took such a record
// for durable and wrote others behind it; then power took it, and with it those behind: older content was replayed over the newest.
export default scenario({
  name: "a record that a disk refused is found in its cache after a kill, and power goes later",
  requirements: ["LS-4"],
  topology: withJournals(mirror({ sizeBytes: KiB(64), mode: "async" }), ["pvol"], { logBytes: KiB(1024) }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    repeat(
      4,
      write("pvol", fill("before")),
      eio("pvol-log", ["write"]),
      together(
        write("pvol", { offsetBytes: KiB(16), lengthBytes: KiB(4) }),
        after(ms(40), crash("a", "kill"), heal("pvol-log"), restart("a")),
      ),
      write("pvol", fill("after")),
      flush("pvol"),
      crash("a", "power"),
      restart("a"),
    ),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged()],
});
