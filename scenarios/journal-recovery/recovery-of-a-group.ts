import {
  after,
  converged,
  crash,
  create,
  cut,
  expectRefused,
  group,
  heal,
  journal,
  KiB,
  mark,
  MiB,
  ms,
  recoverGroup,
  restart,
  restored,
  scenario,
  status,
  step,
  together,
  wait,
  when,
  withJournals,
  workload,
} from "../../harness/plan/index.ts";

const busy = [
  workload("log-p", { writes: 25, flushEvery: 10, onGone: "stop" }),
  workload("data-p", { writes: 25, flushEvery: 10, onGone: "stop" }),
] as const;
const inStep = [
  wait(restored("log-p")),
  wait(restored("data-p")),
  wait(restored("log-s")),
  wait(restored("data-s")),
  wait(status("log", "DUPLEX")),
  wait(status("data", "DUPLEX")),
] as const;
const logging = [
  wait(journal("log-p", { state: "logging" })),
  wait(journal("data-p", { state: "logging" })),
  wait(journal("log-s", { state: "logging" })),
  wait(journal("data-s", { state: "logging" })),
] as const;

// A database's log and data go back to one moment, whatever comes between: never one without the other.
export default scenario({
  name: "log and data of a database are recovered to one moment, at both ends, through power losses and cuts",
  requirements: ["JR-2", "JR-4", "JR-5", "JR-6", "JR-8"],
  topology: withJournals(
    withJournals(group(["log", "data"], { sizeBytes: KiB(512), mode: "sync" }), ["log-p", "data-p"], {
      logBytes: MiB(6),
      group: "database",
    }),
    ["log-s", "data-s"],
    { logBytes: MiB(6) },
  ),
  steps: [
    create("log"),
    create("data"),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...logging,
    expectRefused(recoverGroup("log-p", { to: { lsn: 1_000_000 } }), "JOURNAL_POINT"),
    together(...busy),
    mark("first", ["log-p", "data-p"]),
    together(...busy),
    // By the time of the mark, in the midst of writes.
    together(recoverGroup("log-p", { to: "first", by: "time" }), ...busy),
    ...inStep,
    together(...busy),
    mark("second", ["log-p", "data-p"]),
    together(...busy),
    // Power goes when it is decided, and before it is carried out.
    together(
      recoverGroup("data-p", { to: "second", by: "time" }),
      when(step("a", "journal.group.decided"), crash("a", "power"), after(ms(20), restart("a"))),
    ),
    ...inStep,
    together(...busy),
    mark("third", ["log-p", "data-p"]),
    together(...busy),
    // By an entry of one of them; the other end loses its power when it has half of the order.
    together(
      recoverGroup("log-p", { to: "third" }),
      when(step("b", "journal.recover.begin"), crash("b", "power"), after(ms(20), restart("b"))),
    ),
    ...inStep,
    ...logging,
    together(...busy),
    mark("fourth", ["log-p", "data-p"]),
    together(...busy),
    // Both are exchanged for their bases, and the link goes.
    together(
      recoverGroup("log-p", { to: "fourth", by: "time", method: "swap" }),
      when(step("a", "journal.swapped"), cut("link"), after(ms(20), heal("link"))),
    ),
    ...inStep,
    ...logging,
    together(...busy),
    mark("fifth", ["log-p", "data-p"]),
    together(...busy),
    together(
      recoverGroup("log-p", { to: "fifth", by: "time", method: "swap" }),
      when(step("a", "journal.group.decided", 1), crash("a", "power"), after(ms(20), restart("a"))),
    ),
    ...inStep,
  ],
  expect: [converged()],
});
