import {
  type NamesOf,
  type Step,
  after,
  attempt,
  backup,
  cascadeGroup,
  converged,
  crash,
  create,
  cut,
  fill,
  heal,
  MiB,
  ms,
  restart,
  resync,
  scenario,
  status,
  step,
  together,
  tornWrite,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

const topology = cascadeGroup(["log", "data"], { sizeBytes: MiB(1), mode: "async" });
type Beside = Step<NamesOf<typeof topology>>;
const mirrors = ["log-gen1", "data-gen1"] as const;
const again = [
  attempt(resync("log-gen1"), "ILLEGAL_TRANSITION"),
  attempt(resync("data-gen1"), "ILLEGAL_TRANSITION"),
  wait(status("log-gen1", "DUPLEX")),
  wait(status("data-gen1", "DUPLEX")),
] as const;
const loaded = (...beside: readonly Beside[]) =>
  together(
    workload("log-p", { writes: 24, flushEvery: 1, concurrency: 1 }),
    workload("data-p", { writes: 24 }),
    when(written("log-p", 12), attempt(backup({ mirrors }), "UNANSWERED", "LINK_DOWN", "DOWN")),
    ...beside,
  );

// The two volumes belong to one application: their backups are of one moment, or there are none.
export default scenario({
  name: "a log and its data are backed up at one moment; power loss, torn table and cut in the middle of the split",
  requirements: ["BR-6", "BR-8"],
  topology,
  steps: [
    write("log-p", fill("before")),
    write("data-p", fill("before")),
    create("log"),
    create("data"),
    create("log-gen1"),
    create("data-gen1"),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...again.slice(2),
    loaded(),
    wait(status("log-gen1", "SPLIT")),
    wait(status("data-gen1", "SPLIT")),
    ...again,
    loaded(when(step("b", "backup.splitting"), crash("b", "power"), after(ms(20), restart("b")))),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...again,
    loaded(
      when(step("b", "backup.splitting"), tornWrite("b/meta", { sectors: 2, count: 1 }), after(ms(20), restart("b"))),
    ),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...again,
    loaded(when(step("b", "local.split"), crash("b", "power"), after(ms(20), restart("b")))),
    wait(status("log", "DUPLEX")),
    wait(status("data", "DUPLEX")),
    ...again,
    loaded(when(step("a", "backup.issued"), cut("link"), after(ms(20), heal("link")))),
  ],
  expect: [converged()],
});
