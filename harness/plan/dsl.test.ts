import { expect, test } from "vitest";
import {
  after,
  converged,
  crash,
  create,
  cut,
  expectRefused,
  fill,
  group,
  heal,
  lostWrite,
  MiB,
  mirror,
  ms,
  oracle,
  type Plan,
  parsePlan,
  progress,
  restart,
  resync,
  scenario,
  sequence,
  split,
  status,
  takeover,
  together,
  trace,
  wait,
  when,
  workload,
  write,
  written,
} from "./index.ts";

const topology = mirror({ sizeBytes: MiB(1), mode: "async" });

test("a scenario is plain JSON that reads back as itself", () => {
  const plan = scenario({
    name: "cut during resync",
    requirements: ["BR-2", "LS-5"],
    topology,
    steps: [
      write("pvol", fill("before")),
      create("pair"),
      wait(status("pair", "DUPLEX")),
      split("pair"),
      workload("pvol", { writes: 20, partialTrack: 0.3 }),
      together(
        sequence(resync("pair"), wait(status("pair", "DUPLEX"))),
        workload("pvol", { writes: 20 }),
        when(progress("resync", "pair", 0.5), cut("link"), after(ms(200), heal("link"))),
      ),
      lostWrite("b/meta", { nth: 3, count: 1 }),
      crash("a", "power"),
      expectRefused(takeover("pair", { at: "a" }), "NOT_SECONDARY"),
      restart("a"),
      trace("pvol", "ext4-sqlite", { entries: { from: 0, to: 10 } }),
    ],
    expect: [converged(), oracle("e2fsck", { volume: "svol", at: "every-cut" })],
  });
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
});

// Types, checked by `tsc`: each line below an expectation must not compile. Never called.
export function unknownNamesDoNotCompile(): Plan[] {
  const base = { name: "x", requirements: [], topology, expect: [] } as const;
  const twoPairs = group(["data", "log"], { mode: "sync" });
  return [
    // @ts-expect-error no such volume
    scenario({ ...base, steps: [write("qvol", fill("x"))] }),
    // @ts-expect-error no such link
    scenario({ ...base, steps: [cut("lnk")] }),
    // @ts-expect-error no such system
    scenario({ ...base, steps: [crash("c", "kill")] }),
    // @ts-expect-error no such pair
    scenario({ ...base, steps: [create("pear")] }),
    // @ts-expect-error no such system to give a command to
    scenario({ ...base, steps: [create("pair", { at: "c" })] }),
    // @ts-expect-error no such link, two levels down
    scenario({ ...base, steps: [together(workload("pvol", { writes: 1 }), after(ms(1), cut("lnk")))] }),
    // @ts-expect-error no such volume in a condition
    scenario({ ...base, steps: [when(written("qvol", 1), cut("link"))] }),
    // @ts-expect-error no such pair in a condition
    scenario({ ...base, steps: [wait(status("pear", "DUPLEX"))] }),
    // @ts-expect-error no such disk
    scenario({ ...base, steps: [lostWrite("c/meta")] }),
    // @ts-expect-error no such volume in an expectation
    scenario({ ...base, steps: [cut("link")], expect: [oracle("e2fsck", { volume: "qvol", at: "end" })] }),
    // @ts-expect-error a group's volumes are named by its pairs
    scenario({ ...base, topology: twoPairs, steps: [write("data-q", fill("x"))] }),
    scenario({ ...base, topology: twoPairs, steps: [write("data-p", fill("x")), create("log"), cut("link")] }),
  ];
}
