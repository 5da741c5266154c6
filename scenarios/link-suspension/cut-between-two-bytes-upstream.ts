import {
  converged,
  create,
  heal,
  KiB,
  limitData,
  mirror,
  scenario,
  status,
  wait,
  workload,
} from "../../harness/plan/index.ts";

// Within a header, at its end, within a payload, within its last sector: torn frames are never applied in part.
const limits = [
  0, 1, 7, 23, 24, 31, 32, 33, 39, 40, 41, 63, 64, 511, 512, 513, 543, 544, 545, 552, 553, 4095, 8192, 8231, 12_345,
];

export default scenario({
  name: "connection closed after so many bytes to the secondary, 25 places in and between frames",
  requirements: ["LS-3", "LS-5", "HX-6"],
  topology: mirror({ sizeBytes: KiB(512), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...limits.flatMap((limitBytes) => [
      limitData("link", "upstream", limitBytes),
      workload("pvol", { writes: 12, concurrency: 2 }),
      heal("link"),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
