import {
  type NamesOf,
  type Step,
  after,
  attempt,
  backup,
  cascade,
  converged,
  crash,
  create,
  fill,
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

const topology = cascade({ sizeBytes: MiB(1), mode: "sync" });
type Beside = Step<NamesOf<typeof topology>>;
const again = [attempt(resync("gen1"), "ILLEGAL_TRANSITION"), wait(status("gen1", "DUPLEX"))] as const;
const back = (system: "a" | "b") => [crash(system, "power"), after(ms(20), restart(system))] as const;
const loaded = (...beside: readonly Beside[]) =>
  [
    together(
      workload("pvol", { writes: 24, flushEvery: 4 }),
      when(
        written("pvol", 12),
        attempt(backup({ mirrors: ["gen1"] }), "UNANSWERED", "LINK_DOWN", "NOT_DUPLEX", "DOWN"),
      ),
      ...beside,
    ),
    wait(status("pair", "DUPLEX")),
    ...again,
  ] as const;

// Either end may lose power at any step of a backup: the mirror is split at the moment of the command, or not at all.
export default scenario({
  name: "backup under writes; either system loses power at each step of it, and a table is torn",
  requirements: ["BR-1", "BR-5", "BR-6"],
  topology,
  steps: [
    write("pvol", fill("before the mirrors")),
    create("pair"),
    create("gen1"),
    wait(status("pair", "DUPLEX")),
    wait(status("gen1", "DUPLEX")),
    ...loaded(when(step("a", "backup.issued"), ...back("a"))),
    ...loaded(when(step("a", "backup.issued"), ...back("b"))),
    ...loaded(when(step("b", "backup.splitting"), ...back("b"))),
    ...loaded(when(step("b", "backup.splitting"), ...back("a"))),
    ...loaded(
      when(step("b", "backup.splitting"), tornWrite("b/meta", { sectors: 1, count: 1 }), after(ms(20), restart("b"))),
    ),
    ...loaded(when(step("b", "local.split"), ...back("b"))),
    ...loaded(when(step("b", "local.split"), ...back("a"))),
    together(workload("pvol", { writes: 20 }), backup({ mirrors: ["gen1"] })),
    wait(status("gen1", "SPLIT")),
  ],
  expect: [converged()],
});
