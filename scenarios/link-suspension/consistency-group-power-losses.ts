import {
  after,
  converged,
  crash,
  create,
  group,
  heal,
  KiB,
  ms,
  restart,
  scenario,
  stall,
  status,
  wait,
  workload,
} from "../../harness/plan/index.ts";

// A flush of the log makes the data durable at the secondary too, and not at the primary: there a slow flush of
// older writes is all that was done when the power goes.
export default scenario({
  name: "a log that flushes every write beside data whose disk flushes late; the primary loses power three times",
  requirements: ["BR-1", "BR-3", "LS-3", "LS-5"],
  topology: group(["log", "data"], { sizeBytes: KiB(512), mode: "sync" }),
  steps: [
    create("log"),
    create("data"),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...[1, 3, 10].flatMap((lateMs) => [
      stall("data-p", ["flush"]),
      workload("data-p", { writes: 5 }),
      after(ms(80), workload("data-p", { writes: 30, bytesMax: KiB(8) })),
      workload("log-p", { writes: 10, flushEvery: 1 }),
      heal("data-p"),
      after(ms(lateMs), crash("a", "power")),
      restart("a"),
      wait(status("log", "DUPLEX")),
      wait(status("data", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
