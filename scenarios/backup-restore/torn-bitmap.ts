import {
  after,
  converged,
  create,
  down,
  heal,
  KiB,
  MiB,
  mirror,
  ms,
  restart,
  scenario,
  status,
  together,
  tornWrite,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// 16,384 tracks of 512 bytes: the bitmap has several sectors, each with a checksum of its own.
export default scenario({
  name: "power lost within a write of the pending bitmap",
  requirements: ["BR-1", "BR-3", "HX-6"],
  topology: mirror({ sizeBytes: MiB(8), trackBytes: 512, mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...[0, 1, 2].flatMap((sectors) => [
      together(
        workload("pvol", { writes: 100, bytesMax: KiB(16), thinkUsMax: 200 }),
        when(
          written("pvol", 20),
          tornWrite("a/meta", { sectors, count: 1, range: { offsetBytes: KiB(32), lengthBytes: KiB(64) } }),
        ),
        when(down("a"), after(ms(60), restart("a"))),
      ),
      heal("a/meta"),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
