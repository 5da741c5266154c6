import {
  after,
  backup,
  converged,
  crash,
  create,
  cut,
  expectRefused,
  failback,
  fill,
  heal,
  KiB,
  ms,
  progress,
  restart,
  restore,
  restored,
  resync,
  scenario,
  split,
  status,
  step,
  takeover,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

const volume = { sizeBytes: KiB(512), trackBytes: KiB(8) };

// Between `rewrite-begin` and `rewrite-done` the secondary is a mixture of two moments: nobody may take it over.
export default scenario({
  name: "a restore below a remote mirror, which stays DUPLEX; then with the link cut and either end lost half-way",
  requirements: ["CR-2", "CR-8", "BR-5", "JR-4"],
  topology: {
    systems: [
      {
        name: "a",
        volumes: [
          { name: "pvol", ...volume },
          { name: "gen1", ...volume },
        ],
      },
      { name: "b", volumes: [{ name: "svol", ...volume }] },
    ],
    links: [{ name: "link", between: ["a", "b"] }],
    pairs: [
      { name: "pair", primary: "pvol", secondary: "svol", link: "link", mode: "sync" },
      { name: "gen1", primary: "pvol", secondary: "gen1", mode: "sync" },
    ],
    latencyUs: 200,
  },
  steps: [
    write("pvol", fill("the moment of the backup")),
    create("pair"),
    create("gen1"),
    wait(status("pair", "DUPLEX")),
    wait(status("gen1", "DUPLEX")),
    backup({ mirrors: ["gen1"] }),
    workload("pvol", { writes: 60 }),
    together(
      restore("gen1", { scope: "all" }),
      workload("pvol", { writes: 40, partialTrack: 0.5 }),
      when(step("a", "restore.brought", 2), expectRefused(failback("pair"), "RESTORE_RUNS")),
      when(step("a", "restore.brought", 3), expectRefused(split("pair"), "RESTORE_RUNS")),
    ),
    wait(restored("pvol")),
    together(
      restore("gen1", { scope: "all" }),
      workload("pvol", { writes: 40, partialTrack: 0.5 }),
      when(progress("restore", "pvol", 0.4), cut("link"), after(ms(6_000), heal("link"))),
      when(step("b", "pair.suspended"), expectRefused(takeover("pair"), "NOT_CONSISTENT")),
    ),
    wait(restored("pvol")),
    wait(status("pair", "DUPLEX")),
    ...(["a", "b"] as const).flatMap((system) => [
      workload("pvol", { writes: 40 }),
      together(
        restore("gen1"),
        workload("pvol", { writes: 40, partialTrack: 0.5 }),
        when(progress("restore", "pvol", 0.4), crash(system, "power"), after(ms(20), restart(system))),
      ),
      wait(restored("pvol")),
      wait(status("pair", "DUPLEX")),
    ]),
    resync("gen1"),
  ],
  expect: [converged()],
});
