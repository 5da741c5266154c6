import {
  after,
  converged,
  create,
  cut,
  heal,
  MiB,
  mirror,
  ms,
  oracle,
  scenario,
  status,
  together,
  trace,
  wait,
  when,
  written,
} from "../../harness/plan/index.ts";

const cuts = Array.from({ length: 24 }, (_, index) => 30 + index * 70);

// At every cut the secondary must be a volume that e2fsck and SQLite accept, as after a power loss of the primary.
export default scenario({
  name: "recorded writes of SQLite on ext4, mirrored synchronously and cut 24 times",
  requirements: ["LS-1", "LS-5", "LS-7", "BR-4"],
  topology: mirror({ sizeBytes: MiB(32), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...cuts.flatMap((from, index) => [
      together(
        trace("pvol", "ext4-sqlite", { entries: { from: index === 0 ? 0 : from, to: cuts[index + 1] ?? 1767 } }),
        when(written("pvol", 20, "issued"), after(ms(index % 3), cut("link")), after(ms(10), heal("link"))),
      ),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [
    converged(),
    oracle("e2fsck", { volume: "svol", at: "every-cut" }),
    oracle("sqlite", { volume: "svol", at: "every-cut" }),
    oracle("sqlite", { volume: "pvol", at: "end" }),
  ],
});
