import type { Container } from "dockerode";
import { expect, test } from "vitest";
import { RunningContainer } from "./running-container.ts";

/** A container whose pauses end as they are told to. */
function container(ends: (string | undefined)[]): RunningContainer {
  const pause = async (): Promise<void> => {
    if (ends.length === 0) throw new Error("one pause too many");
    const why = ends.shift();
    if (why !== undefined) throw new Error(why);
  };
  const spec = { name: "a", image: "any", network: "net", ports: [], ready: async () => true };
  return new RunningContainer({ id: "1", pause } as unknown as Container, spec, "a");
}

const RACE = "(HTTP code 500) server error - Cannot pause container 1: OCI runtime pause failed: unable to freeze";

test("a pause that lost the race against a starting process is tried again", async () => {
  const ends = [RACE, RACE, undefined];
  await container(ends).pause();
  expect(ends).toEqual([]);
});

test("any other failure of a pause, and one race lost after another, are told", async () => {
  await expect(container(["no such container"]).pause()).rejects.toThrow("no such container");
  const ends = Array.from({ length: 30 }, () => RACE);
  await expect(container(ends).pause()).rejects.toThrow("unable to freeze");
  expect(ends).toHaveLength(10);
});
