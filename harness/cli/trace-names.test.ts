import { expect, test } from "vitest";
import { after, converged, create, mirror, scenario, together, trace, write } from "../plan/index.ts";
import { traceNames } from "./trace-names.ts";

test("traces are found at every depth, each once", () => {
  const plan = scenario({
    name: "two traces",
    requirements: [],
    topology: mirror({ mode: "sync" }),
    steps: [
      create("pair"),
      together(trace("pvol", "one"), after(1, trace("svol", "two"), trace("svol", "one"))),
      write("pvol", { offsetBytes: 0, lengthBytes: 512 }),
    ],
    expect: [converged()],
  });
  expect(traceNames(plan)).toEqual(["one", "two"]);
});

test.each([undefined, null, 7, "trace", [], { kind: "trace" }, { kind: "trace", name: 7 }])(
  "%j, which is no plan, has no traces",
  (value) => {
    expect(traceNames(value)).toEqual([]);
  },
);
