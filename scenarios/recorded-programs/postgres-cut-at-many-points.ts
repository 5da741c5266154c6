import {
  after,
  converged,
  create,
  cut,
  heal,
  KiB,
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

const bounds = Array.from({ length: 21 }, (_, index) => Math.round((index * 2417) / 20));

// 120 MB written. At every cut the secondary must be a file system that e2fsck repairs by its journal alone.
export default scenario({
  name: "recorded writes of PostgreSQL on ext4, mirrored synchronously and cut 20 times",
  requirements: ["LS-1", "LS-5", "LS-7", "BR-4"],
  topology: mirror({ sizeBytes: MiB(160), trackBytes: KiB(8), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX"), { withinMs: 60_000 }),
    ...bounds
      .slice(1)
      .flatMap((to, index) => [
        together(
          trace("pvol", "ext4-postgres", { entries: { from: bounds[index] ?? 0, to } }),
          when(written("pvol", 41, "issued"), after(ms(index % 3), cut("link")), after(ms(10), heal("link"))),
        ),
        wait(status("pair", "DUPLEX"), { withinMs: 60_000 }),
      ]),
  ],
  expect: [converged(), oracle("e2fsck", { volume: "svol", at: "every-cut" })],
});
