import {
  after,
  backup,
  converged,
  create,
  flush,
  KiB,
  localMirror,
  ms,
  restore,
  restored,
  resync,
  scenario,
  sequence,
  status,
  together,
  wait,
  write,
} from "../../harness/plan/index.ts";

// A backup comes back while a host writes whole tracks and parts of tracks; then it follows the volume again.
export default scenario({
  name: "smallest: a volume is restored from its mirror while a host writes",
  requirements: ["CR-1", "CR-2", "CR-4", "CR-6", "CR-8"],
  topology: localMirror({ sizeBytes: KiB(64) }),
  steps: [
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(48) }),
    create("gen1"),
    wait(status("gen1", "DUPLEX")),
    // Long enough for what is marked as under way to be cleared.
    after(ms(120), write("pvol", { offsetBytes: KiB(12), lengthBytes: KiB(8) })),
    backup({ mirrors: ["gen1"] }),
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(40) }),
    flush("pvol"),
    together(
      restore("gen1"),
      sequence(
        write("pvol", { offsetBytes: KiB(16), lengthBytes: KiB(8) }),
        write("pvol", { offsetBytes: KiB(27), lengthBytes: KiB(2) }),
        flush("pvol"),
      ),
    ),
    wait(restored("pvol")),
    resync("gen1"),
    wait(status("gen1", "DUPLEX")),
    write("pvol", { offsetBytes: KiB(32), lengthBytes: KiB(4) }),
  ],
  expect: [converged()],
});
