import {
  after,
  converged,
  crash,
  create,
  cut,
  heal,
  KiB,
  MiB,
  mirror,
  ms,
  restart,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// Changes are marked by region, and few regions stay marked: they heat up and cool down all the time.
export default scenario({
  name: "the primary loses power, while connected and while alone, with few hot regions",
  requirements: ["LS-3", "LS-5"],
  topology: mirror({ sizeBytes: MiB(1), regionBytes: KiB(32), hotRegions: 4, mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 300, flushEvery: 12, thinkUsMax: 300 }),
      when(written("pvol", 60), crash("a", "power"), after(ms(10), restart("a"))),
      when(written("pvol", 140), cut("link")),
      when(written("pvol", 180), crash("a", "power"), after(ms(10), restart("a")), after(ms(30), heal("link"))),
      when(written("pvol", 250), crash("a", "kill"), after(ms(10), restart("a"))),
    ),
  ],
  expect: [converged()],
});
