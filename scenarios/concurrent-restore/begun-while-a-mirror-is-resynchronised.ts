import {
  after,
  backup,
  converged,
  crash,
  create,
  cut,
  fill,
  heal,
  KiB,
  mark,
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
  together,
  unchanged,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

const volume = { sizeBytes: KiB(512), trackBytes: KiB(8) };

// The resync set out to copy what differed then. What the restore brings differs as well, and is not on the disk yet.
export default scenario({
  name: "a restore begins while the remote mirror is being resynchronised; then so again, with the link cut and the power lost",
  requirements: ["CR-2", "CR-7", "CR-8", "LS-5", "SR-6"],
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
    latencyUs: 500,
  },
  steps: [
    write("pvol", fill("the moment of the backup")),
    create("pair"),
    create("gen1"),
    wait(status("pair", "DUPLEX")),
    wait(status("gen1", "DUPLEX")),
    backup({ mirrors: ["gen1"] }),
    mark("split", ["gen1"]),
    ...([0.1, 0.6] as const).flatMap((fraction) => [
      split("pair"),
      workload("pvol", { writes: 60 }),
      together(
        resync("pair"),
        when(progress("resync", "pair", fraction), restore("gen1", { scope: "all" })),
        workload("pvol", { writes: 30, partialTrack: 0.5 }),
      ),
      wait(restored("pvol")),
      wait(status("pair", "DUPLEX")),
    ]),
    split("pair"),
    workload("pvol", { writes: 60 }),
    together(
      resync("pair"),
      when(progress("resync", "pair", 0.2), restore("gen1", { scope: "all" })),
      when(step("a", "restore.brought", 3), cut("link"), after(ms(50), heal("link"))),
    ),
    wait(restored("pvol")),
    wait(status("pair", "DUPLEX")),
    split("pair"),
    workload("pvol", { writes: 60 }),
    together(
      resync("pair"),
      when(progress("resync", "pair", 0.2), restore("gen1", { scope: "all" })),
      when(step("a", "restore.brought", 3), crash("a", "power"), after(ms(20), restart("a"))),
    ),
    wait(restored("pvol")),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged(), unchanged("gen1", "split")],
});
