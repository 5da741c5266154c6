import { expect, test } from "vitest";
import { journalGroupOf } from "./journal-group.ts";

const journal = (volume: string, group?: string) => ({
  volume,
  log: `${volume}-log`,
  base: `${volume}-base`,
  ...(group === undefined ? {} : { group }),
});

test("a group is of one system: another one may have one of the same name", () => {
  const systems = [
    { name: "a", volumes: [], journals: [journal("a1", "g"), journal("a2"), journal("a3", "g"), journal("a4", "h")] },
    { name: "b", volumes: [], journals: [journal("b1", "g")] },
    { name: "c", volumes: [] },
  ];
  expect(journalGroupOf("a3", { systems })).toEqual({ group: "g", volumes: ["a1", "a3"] });
  expect(journalGroupOf("a4", { systems })).toEqual({ group: "h", volumes: ["a4"] });
  expect(journalGroupOf("b1", { systems })).toEqual({ group: "g", volumes: ["b1"] });
  expect(journalGroupOf("a2", { systems })).toBeUndefined();
  expect(journalGroupOf("c1", { systems })).toBeUndefined();
});
