import {
  after,
  attempt,
  converged,
  create,
  cut,
  failback,
  fill,
  heal,
  hold,
  KiB,
  mirror,
  ms,
  scenario,
  status,
  step,
  together,
  wait,
  when,
  write,
} from "../../harness/plan/index.ts";

// Both ends had given their role up by then, and the one that had not got the write became the primary.
export default scenario({
  name: "roles are swapped twice while only one direction of the link is left: what was acknowledged in between stays",
  requirements: ["LS-5", "BR-2"],
  topology: mirror({ sizeBytes: KiB(64), mode: "async" }),
  steps: [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      attempt(failback("pair"), "UNANSWERED"),
      when(step("a", "pair.swapping"), hold("link", "downstream")),
      when(
        step("b", "pair.swapped"),
        write("svol", fill("by the new primary")),
        together(
          attempt(failback("pair", { at: "b" }), "LINK_DOWN", "UNANSWERED"),
          after(ms(50), cut("link"), after(ms(50), heal("link"))),
        ),
      ),
    ),
    wait(status("pair", "DUPLEX")),
  ],
  expect: [converged()],
});
