import { expect, test } from "vitest";
import { hostPump } from "../../host-pump.ts";
import type { Lots } from "../proxy/lots.ts";
import { contestedSchedules, panics } from "./contested-schedules.ts";
import { outcomes } from "./outcomes.ts";
import { replay } from "./replay.ts";
import type { Recording, Schedule } from "./schedule.ts";

function named(name: string): Schedule {
  const found = contestedSchedules.find((schedule) => schedule.name === name);
  if (found === undefined) throw new Error(`no schedule ${name}`);
  return found;
}

const onTime = ({ actions }: Schedule): readonly number[] => actions.map(({ atMs }) => atMs);
const run = (schedule: Schedule, lots?: Lots): Promise<Recording> =>
  replay(schedule, onTime(schedule), hostPump(), lots);

const answerMs = ({ answeredMs }: Recording): number | null => answeredMs.at(-1) ?? null;

test("a stub that a removal wakes takes the next chunk too, before the removal is answered", async () => {
  const schedule = named("removed while it waits, chunks wait before it");
  const [taken, interrupted] = [await run(schedule, (woken) => woken), await run(schedule, () => false)];
  expect(Number(answerMs(taken)) - Number(answerMs(interrupted))).toBe(100);
  expect(answerMs(await run(schedule))).toBe(answerMs(taken));
});

test("every way in which lots can fall is an outcome, once", async () => {
  const schedule = named("removed while blocked, chunks wait before it");
  const found = await outcomes(schedule, onTime(schedule), hostPump());
  const answers = found?.map(answerMs);
  expect(answers).toEqual([540, 540, 540, 440]);
  expect(answers).toContain(answerMs(await run(schedule)));
});

test("a schedule without lots has one outcome, and one with very many is given up", async () => {
  const limited = named("slicer updated while blocked");
  expect(await outcomes(limited, onTime(limited), hostPump())).toHaveLength(1);
  const contested = named("removed while blocked, chunks wait before it");
  const { actions } = contested;
  const removal = actions.at(-1);
  const late = 6000;
  const updates = Array.from({ length: 12 }, (_, index) => ({
    atMs: 200 + index,
    do: "updateToxic" as const,
    name: "a",
    toxic: { type: "noop" as const },
  }));
  const writes = Array.from({ length: 20 }, (_, index) => ({
    atMs: 40 + index,
    do: "write" as const,
    side: "server" as const,
    sizeBytes: 50,
  }));
  const many: Schedule = { ...contested, actions: [...actions.slice(0, -1), ...writes, ...updates], untilMs: late };
  expect(removal?.do).toBe("removeToxic");
  expect(await outcomes(many, onTime(many), hostPump())).toBeUndefined();
});

test.each(panics)("$schedule.name: the run ends as Toxiproxy does", async ({ schedule, found }) => {
  await expect(run(schedule)).rejects.toMatchObject({ code: "TOXIPROXY_PANICS", context: { place: "proxy proxy" } });
  await expect(run(schedule)).rejects.toThrow(`"${found}"`);
});
