import {
  after,
  converged,
  create,
  heal,
  labelled,
  latency,
  MiB,
  mirror,
  ms,
  resetPeer,
  scenario,
  slicer,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

export default scenario({
  name: "asynchronous: over a link with jitter and small slices, whose connections are reset twice",
  requirements: ["BR-4", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    labelled("slow", latency("link", "upstream", { latencyMs: 20, jitterMs: 10 })),
    labelled("sliced", slicer("link", "upstream", { averageBytes: 512, variationBytes: 256, delayUs: 50 })),
    ...[20, 30].flatMap((nth) => [
      together(
        workload("pvol", { writes: 60, thinkUsMax: 4000, flushEvery: 12 }),
        when(written("pvol", nth), labelled("reset", resetPeer("link", "upstream", 0)), after(ms(60), heal("reset"))),
      ),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
