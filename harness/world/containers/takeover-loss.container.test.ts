import { expect, test } from "vitest";
import * as on from "../../plan/index.ts";
import { runInContainers } from "./run-in-containers.ts";

/** The link is cut, hosts go on at the primary, which dies; the other side takes over without what they wrote meanwhile. */
const plan = on.scenario({
  name: "taken over",
  requirements: ["LS-7"],
  topology: on.mirror({ sizeBytes: on.MiB(1), mode: "async" }),
  mayRefuse: true,
  steps: [
    on.create("pair"),
    on.wait(on.status("pair", "DUPLEX")),
    on.together(
      on.workload("pvol", { writes: 10_000, onGone: "stop" }),
      on.when(on.written("pvol", 20), on.cut("link"), on.after(on.ms(200), on.crash("a", "kill"))),
    ),
    on.wait(on.status("pair", "SPLIT", "secondary")),
    on.takeover("pair"),
    on.workload("svol", { writes: 5 }),
  ],
  expect: [],
});

test("a takeover on containers tells what hosts were told is written and the new primary lacks", async () => {
  const { verdict, failures, recovery } = await runInContainers(plan, {
    id: "loss",
    seed: 1,
    replay: "",
    recovery: true,
  });
  expect([verdict, failures]).toEqual(["PASS", []]);
  const [loss, ...others] = recovery?.samples.filter(({ measure }) => measure === "rpo") ?? [];
  expect([loss?.fault, others]).toEqual(["crash", []]);
  expect(loss?.bytes).toBeGreaterThan(0);
  expect((loss?.bytes ?? 0) % 512).toBe(0);
  // From the cut to the end of the primary.
  expect(loss?.ms).toBeGreaterThan(100);
  expect(loss?.ms).toBeLessThan(2000);
});
