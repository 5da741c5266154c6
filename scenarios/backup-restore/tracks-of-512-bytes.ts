import {
  after,
  converged,
  crash,
  create,
  cut,
  fill,
  heal,
  KiB,
  mirror,
  ms,
  restart,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

export default scenario({
  name: "tracks of 512 bytes: cut under partial writes, crash of the primary, resync",
  requirements: ["BR-3", "LS-3", "LS-5"],
  topology: mirror({ sizeBytes: KiB(512), trackBytes: 512, mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirror")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 150, partialTrack: 0.7, bytesMax: KiB(64) }),
      when(written("pvol", 30), cut("link")),
      when(written("pvol", 80), crash("a", "power"), after(ms(20), restart("a"), heal("link"))),
    ),
  ],
  expect: [converged()],
});
