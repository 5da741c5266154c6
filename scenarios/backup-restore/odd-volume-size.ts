import {
  converged,
  create,
  cut,
  fill,
  heal,
  mirror,
  resync,
  scenario,
  split,
  status,
  together,
  trim,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

// 1,000,960 bytes are 122 tracks of 8 KiB and three sectors: the last track is compared to its last byte.
export default scenario({
  name: "volume that ends within a track: the tail is copied, tracked and resynchronised",
  requirements: ["BR-3", "LS-5", "HX-5"],
  topology: mirror({ sizeBytes: 1_000_960, mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirror")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    write("pvol", { offsetBytes: 1_000_448, lengthBytes: 512 }),
    together(
      workload("pvol", { writes: 60, partialTrack: 1, range: { offsetBytes: 991_232, lengthBytes: 9728 } }),
      when(written("pvol", 30), cut("link")),
    ),
    heal("link"),
    wait(status("pair", "DUPLEX")),
    trim("pvol", 999_424, 1536),
    split("pair", { secondary: "read-write" }),
    write("svol", { offsetBytes: 1_000_448, lengthBytes: 512 }),
    resync("pair"),
  ],
  expect: [converged()],
});
