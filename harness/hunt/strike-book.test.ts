import { expect, test } from "vitest";
import { allSteps } from "./all-steps.fixture.ts";
import { randomPlan } from "./generate.ts";
import { StrikeBook } from "./strike-book.ts";

test("each strike has a name of its own, and a direction of a link takes two toxics", () => {
  const book = new StrikeBook();
  expect([book.label(), book.label()]).toEqual(["f1", "f2"]);
  expect(book.count).toBe(2);
  const taken = (direction: "upstream" | "downstream"): boolean => book.takesToxic("link", direction);
  expect([taken("upstream"), taken("upstream"), taken("upstream")]).toEqual([true, true, false]);
  expect(taken("downstream")).toBe(true);
  expect(book.takesToxic("other", "upstream")).toBe(true);
});

test("no plan changes the bytes of one direction of a link three times", () => {
  let most = 0;
  for (let seed = 0; seed < 400; seed++) {
    const counts = new Map<string, number>();
    for (const step of allSteps(randomPlan(seed).steps)) {
      if (step.kind !== "inject" || !("direction" in step.fault)) continue;
      const { link, direction } = step.fault;
      const count = (counts.get(`${link} ${direction}`) ?? 0) + 1;
      counts.set(`${link} ${direction}`, count);
      most = Math.max(most, count);
    }
  }
  expect(most).toBe(2);
});
