import {
  bandwidth,
  converged,
  create,
  fill,
  MiB,
  mirror,
  scenario,
  status,
  wait,
  workload,
  write,
} from "../../harness/plan/index.ts";

// Every track goes over once, and what hosts write meanwhile is neither lost nor overtaken by its own copy.
export default scenario({
  name: "initial copy of a full volume while hosts go on writing",
  requirements: ["BR-1", "BR-2", "BR-4"],
  topology: mirror({ sizeBytes: MiB(2), mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirror")),
    bandwidth("link", "upstream", 20_000),
    create("pair"),
    workload("pvol", { writes: 150, partialTrack: 0.5, flushEvery: 25 }),
    wait(status("pair", "DUPLEX")),
    workload("pvol", { writes: 30 }),
  ],
  expect: [converged()],
});
