import {
  converged,
  crash,
  create,
  MiB,
  mirror,
  read,
  restart,
  scenario,
  status,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// A FUA write is on stable storage of both sides when it is acknowledged, without any flush.
export default scenario({
  name: "FUA writes survive a power loss of both systems at once",
  requirements: ["BR-4", "HX-6"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    ...[1, 2, 3].flatMap(() => [
      together(
        workload("pvol", { writes: 80, fua: 0.5, onGone: "stop" }),
        when(written("pvol", 50), crash("a", "power"), crash("b", "power")),
      ),
      restart("b"),
      restart("a"),
      wait(status("pair", "DUPLEX")),
    ]),
    read("pvol", 0, MiB(1)),
    read("svol", 0, MiB(1)),
  ],
  expect: [converged()],
});
