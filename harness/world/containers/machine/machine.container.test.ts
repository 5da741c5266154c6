import { afterAll, beforeAll, expect, test } from "vitest";
import { dockerCommand } from "../docker-command.ts";
import { MirroredVolume } from "../mirrored-volume.fixture.ts";
import { Stage } from "../stage.ts";
import { CONTROL_PORT } from "./machine.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

async function inMachine(index: number, ...command: readonly string[]): Promise<string> {
  const answer = await dockerCommand(["exec", stage.machines.all[index]?.address ?? "", ...command], 20_000);
  if (!answer.ok) throw new Error(answer.why);
  return answer.stdout;
}

const processesIn = async (index: number): Promise<string> =>
  inMachine(index, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");

test.each([1, 2])("world %i has the machines that were there, and no secret on a command line", async () => {
  const before = stage.machines.all.map(({ address }) => address);
  expect(await Promise.all(stage.machines.all.map((machine) => machine.left()))).toEqual([[], []]);
  await MirroredVolume.create(stage);
  expect(stage.machines.all.map(({ address }) => address)).toEqual(before);
  expect(await processesIn(0)).toContain("engine --config -");
  expect(await processesIn(0)).not.toMatch(/token|BEGIN|nbd:/);
});

test("an engine that cannot start fails the start, with what it said", async () => {
  const [machine] = await stage.machines.first(1);
  await expect(machine?.boot({ files: {}, config: "{}" })).rejects.toThrow(/exit code 254: .*CONFIG_INVALID/s);
  await stage.reset();
});

test("a process or a file that is left in a machine is found, and nobody uses that machine again", async () => {
  const before = stage.machines.all.map(({ address }) => address);
  await inMachine(0, "sh", "-c", "sleep 1000 > /dev/null 2>&1 & touch /tmp/left");
  await expect(stage.reset()).rejects.toThrow(
    /NOT_HEALED: .*process \d+ \(sleep 1000\) is left in machine-1; file \/tmp\/left is left in machine-1/,
  );
  const [machine] = await stage.machines.first(2);
  expect(before).not.toContain(machine?.address);
  expect(machine?.port(CONTROL_PORT)).toBeGreaterThan(0);
  await stage.reset();
});
