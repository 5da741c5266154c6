import {
  converged,
  crash,
  create,
  fill,
  MiB,
  mirror,
  restart,
  scenario,
  status,
  takeover,
  together,
  wait,
  when,
  workload,
  write,
  written,
} from "../../harness/plan/index.ts";

// The secondary holds a prefix; what the lost primary had beyond it is given up, and undone when it returns.
export default scenario({
  name: "primary lost under asynchronous writes: takeover on a prefix, the tail is undone at its return",
  requirements: ["LS-6", "LS-7", "BR-4"],
  topology: mirror({ sizeBytes: MiB(1), mode: "async", latencyUs: 4000 }),
  steps: [
    write("pvol", fill("before the mirror")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 100, flushEvery: 10, thinkUsMax: 200, onGone: "stop" }),
      when(written("pvol", 70), crash("a", "power")),
    ),
    wait(status("pair", "SPLIT", "secondary")),
    takeover("pair"),
    workload("svol", { writes: 50 }),
    restart("a"),
    wait(status("pair", "DUPLEX")),
    workload("svol", { writes: 20 }),
  ],
  expect: [converged()],
});
