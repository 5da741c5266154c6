import {
  after,
  bandwidth,
  converged,
  create,
  cut,
  expectRefused,
  fill,
  heal,
  labelled,
  MiB,
  mirror,
  ms,
  progress,
  scenario,
  sequence,
  status,
  takeover,
  together,
  wait,
  when,
  workload,
  write,
} from "../../harness/plan/index.ts";

// Until the first copy is complete the secondary is no moment of any history: nobody may take it over.
export default scenario({
  name: "initial copy cut three times; takeover of the half copy is refused",
  requirements: ["BR-1", "BR-2", "SR-6"],
  topology: mirror({ sizeBytes: MiB(2), mode: "sync" }),
  steps: [
    write("pvol", fill("before the mirror")),
    bandwidth("link", "upstream", 500),
    together(
      workload("pvol", { writes: 120, thinkUsMax: 4000 }),
      sequence(
        create("pair"),
        ...[0.1, 0.3, 0.6].flatMap((fraction) => [
          when(progress("resync", "pair", fraction), labelled("outage", cut("link"))),
          after(ms(20), expectRefused(takeover("pair"), "NOT_CONSISTENT")),
          heal("outage"),
          wait(status("pair", "COPY")),
        ]),
        wait(status("pair", "DUPLEX")),
      ),
    ),
  ],
  expect: [converged()],
});
