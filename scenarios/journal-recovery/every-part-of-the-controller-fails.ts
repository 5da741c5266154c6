import {
  type NamesOf,
  type Step,
  after,
  converged,
  create,
  cut,
  eio,
  heal,
  journal,
  KiB,
  mark,
  MiB,
  mirror,
  ms,
  pause,
  recover,
  restart,
  restored,
  resume,
  scenario,
  status,
  step,
  together,
  tornWrite,
  wait,
  when,
  withJournals,
  workload,
  written,
} from "../../harness/plan/index.ts";

const topology = withJournals(mirror({ sizeBytes: KiB(512), mode: "sync" }), ["pvol"], { logBytes: MiB(8) });
type Beside = Step<NamesOf<typeof topology>>;
const workloads = (...beside: readonly Beside[]) =>
  [
    together(workload("pvol", { writes: 40, flushEvery: 10 }), ...beside),
    wait(journal("pvol", { state: "logging" })),
    wait(status("pair", "DUPLEX")),
  ] as const;

// Front-end, back-end, shared control memory and interconnect each fail by themselves; the others carry it.
export default scenario({
  name: "front-end, back-end, shared memory and interconnect of a controller fail one after the other; then a recovery",
  requirements: ["JR-9", "JR-2", "JR-4"],
  topology,
  steps: [
    wait(journal("pvol", { state: "logging" })),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...workloads(),
    mark("before", ["pvol"]),
    // Front-end: its hosts get no answer for a while.
    ...workloads(when(written("pvol", 20), pause("a"), after(ms(300), resume("a")))),
    // Back-end: a disk refuses writes, then its log does.
    eio("pvol", ["write"], { nth: 20, count: 2 }),
    ...workloads(),
    // Shared control memory: a table is torn.
    cut("link"),
    tornWrite("a/meta", { sectors: 1, count: 1 }),
    workload("pvol", { writes: 20, onGone: "stop" }),
    restart("a"),
    heal("link"),
    ...workloads(),
    // Interconnect: the link is cut.
    ...workloads(when(written("pvol", 20), cut("link"), after(ms(30), heal("link")))),
    together(
      recover("pvol", { to: "before" }),
      workload("pvol", { writes: 30 }),
      when(step("a", "restore.brought"), cut("link"), after(ms(30), heal("link"))),
    ),
    wait(restored("pvol")),
  ],
  expect: [converged()],
});
