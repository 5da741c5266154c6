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

// Acknowledgements and requests of the secondary arrive in part: what they prove in part they do not prove.
const limits = [0, 1, 7, 23, 24, 31, 32, 33, 39, 40, 41, 47, 48, 49, 63, 64, 65, 79, 80, 81, 95, 96, 97, 120, 133];

export default scenario({
  name: "connection closed after so many bytes to the primary, 25 places in and between frames",
  requirements: ["LS-3", "LS-5", "HX-6"],
  topology: mirror({ sizeBytes: KiB(512), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...limits.flatMap((limitBytes) => [
      limitData("link", "downstream", limitBytes),
      workload("pvol", { writes: 12, concurrency: 2 }),
      heal("link"),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
