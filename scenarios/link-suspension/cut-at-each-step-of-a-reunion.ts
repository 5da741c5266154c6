import {
  converged,
  create,
  cut,
  heal,
  MiB,
  mirror,
  scenario,
  status,
  step,
  together,
  wait,
  when,
  workload,
} from "../../harness/plan/index.ts";

const moments = [
  ["a", "session.hello.sent"],
  ["b", "session.up"],
  ["a", "session.up"],
  ["b", "pair.decided"],
  ["a", "pair.decided"],
  ["b", "resync.requested"],
  ["a", "resync.begin"],
  ["a", "resync.copied"],
  ["a", "resync.done.sent"],
  ["b", "pair.duplex"],
  ["a", "pair.duplex"],
] as const;

// The two ends know of each other's state at different moments; at each of them the link is cut.
export default scenario({
  name: "link cut again during hello, decision, request, copy and end of the resync",
  requirements: ["LS-3", "LS-5", "SR-6"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...moments.flatMap(([system, name]) => [
      cut("link"),
      workload("pvol", { writes: 12 }),
      together(when(step(system, name), cut("link")), heal("link")),
      workload("pvol", { writes: 12 }),
      heal("link"),
      wait(status("pair", "DUPLEX")),
    ]),
  ],
  expect: [converged()],
});
