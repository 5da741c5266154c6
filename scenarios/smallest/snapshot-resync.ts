import {
  after,
  connected,
  converged,
  create,
  cut,
  flush,
  heal,
  KiB,
  mirror,
  ms,
  readImage,
  scenario,
  status,
  wait,
  withImages,
  write,
} from "../../harness/plan/index.ts";

// The link is lost: both ends keep a snapshot, whose exception tables say what differs when it is back.
export default scenario({
  name: "smallest: a snapshot at the loss of the link, and a resync of what changed since",
  requirements: ["SR-1", "SR-2", "SR-3", "LS-1", "LS-2c", "LS-8"],
  topology: withImages(mirror({ sizeBytes: KiB(64), mode: "sync" }), ["pvol", "svol"], { method: "old-data" }),
  steps: [
    write("pvol", { offsetBytes: 0, lengthBytes: KiB(16) }),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    // Long enough for what is marked as under way to be cleared.
    after(ms(120), write("pvol", { offsetBytes: KiB(12), lengthBytes: KiB(8) })),
    cut("link"),
    wait(status("pair", "SPLIT", "primary")),
    write("pvol", { offsetBytes: KiB(3), lengthBytes: KiB(2) }),
    write("pvol", { offsetBytes: KiB(24), lengthBytes: KiB(10) }),
    flush("pvol"),
    readImage("pvol"),
    readImage("svol"),
    heal("link"),
    wait(connected("pair")),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: KiB(32), lengthBytes: KiB(4) }),
  ],
  expect: [converged()],
});
