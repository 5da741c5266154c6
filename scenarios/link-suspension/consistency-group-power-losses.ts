import {
  after,
  converged,
  crash,
  create,
  group,
  KiB,
  ms,
  restart,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// One flush of the log makes the other volume's data durable at the secondary, and not at the primary.
export default scenario({
  name: "a log that flushes every write beside data that never does; the primary loses power again and again",
  requirements: ["BR-1", "BR-3", "LS-3", "LS-5"],
  topology: group(["log", "data"], { sizeBytes: KiB(512), mode: "sync" }),
  steps: [
    create("log"),
    create("data"),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...[40, 55, 70, 85].flatMap((nth) => [
      together(
        workload("log-p", { writes: 200, flushEvery: 1, concurrency: 1, onGone: "stop", thinkUsMax: 0 }),
        workload("data-p", { writes: 100, onGone: "stop", concurrency: 1, thinkUsMax: 2500, bytesMax: KiB(8) }),
        when(written("data-p", nth), crash("a", "power"), after(ms(5), restart("a"))),
      ),
      wait(status("log", "DUPLEX")),
      wait(status("data", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
