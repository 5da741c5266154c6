import {
  after,
  converged,
  crash,
  create,
  cut,
  eio,
  heal,
  KiB,
  MiB,
  mirror,
  ms,
  restart,
  scenario,
  status,
  takeover,
  together,
  wait,
  when,
  workload,
  written,
} from "../../harness/plan/index.ts";

// The primary cannot record that it is alone. What it acknowledged then would be overwritten after a takeover: it must
// acknowledge nothing. The few tracks are marked already, so that no intent is in the way.
export default scenario({
  name: "the link is cut while the primary's metadata disk fails; then it dies and the secondary takes over",
  requirements: ["LS-3", "LS-7", "BR-1", "BR-2"],
  topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", {
        writes: 400,
        concurrency: 8,
        bytesMax: 4096,
        thinkUsMax: 50,
        range: { offsetBytes: 0, lengthBytes: KiB(64) },
        onGone: "stop",
      }),
      when(
        written("pvol", 100),
        eio("a/meta", ["write"]),
        cut("link"),
        after(ms(20), crash("a", "kill"), heal("a/meta"), heal("link")),
      ),
    ),
    wait(status("pair", "SPLIT", "secondary")),
    takeover("pair"),
    workload("svol", { writes: 30, bytesMax: 4096 }),
    restart("a"),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged()],
});
