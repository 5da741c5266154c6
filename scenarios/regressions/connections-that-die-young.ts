import {
  after,
  converged,
  create,
  cut,
  heal,
  limitData,
  MiB,
  mirror,
  ms,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// Once every session began the resync anew, and after eight of them the histories passed for diverged.
export default scenario({
  name: "every connection dies after 120 kB while half a megabyte is to be copied",
  requirements: ["SR-6", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 80, bytesMax: 8192 }),
      when(written("pvol", 5), cut("link"), after(ms(200), heal("link"), limitData("link", "upstream", 120_000))),
    ),
    wait(status("pair", "DUPLEX"), { withinMs: 60_000 }),
  ],
  expect: [converged()],
});
