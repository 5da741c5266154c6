import { expect, test } from "vitest";
import type { RunRecord } from "../history/run-record.ts";
import {
  after,
  converged,
  crash,
  create,
  KiB,
  mirror,
  ms,
  type Plan,
  restart,
  resync,
  scenario,
  sequence,
  step,
  together,
  wait,
  status,
  when,
  write,
} from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { runPlan } from "./run-plan.ts";

const base = {
  name: "test",
  requirements: [],
  topology: mirror({ sizeBytes: KiB(64), mode: "sync" }),
  expect: [converged()],
};
const run = async (plan: Plan): Promise<RunRecord> => {
  const options = { id: "t", seed: 2, target: resilverTarget("x"), pump: hostPump(), replay: "", repeat: false };
  return (await runPlan(plan, options)).record;
};
const range = { offsetBytes: 0, lengthBytes: 512 };

test("commands and requests to a system that is down are given again until it is back", async () => {
  const steps = [
    crash("a", "kill"),
    together(after(ms(300), restart("a")), sequence(write("pvol", range), create("pair"))),
  ] as const;
  expect(await run(scenario({ ...base, steps, mayRefuse: true }))).toMatchObject({ verdict: "PASS", tolerated: [] });
  const strict = await run(scenario({ ...base, steps }));
  expect(strict.verdict).toBe("FAIL");
  expect(strict.tolerated).toBeUndefined();
});

test("a command whose system died over it is given again, and a pair that is there is created", async () => {
  const steps = [
    together(create("pair"), when(step("a", "pair.decided"), crash("a", "power"), after(ms(20), restart("a")))),
    wait(status("pair", "DUPLEX")),
  ] as const;
  expect(await run(scenario({ ...base, steps, mayRefuse: true }))).toMatchObject({ verdict: "PASS", tolerated: [] });
});

test("what is refused for good, and a wait in vain, are told and no failure", async () => {
  const steps = [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    resync("pair"),
    write("svol", range),
    wait(status("pair", "SPLIT"), { withinMs: 50 }),
  ] as const;
  const record = await run(scenario({ ...base, steps, mayRefuse: true }));
  expect(record.verdict).toBe("PASS");
  expect(record.tolerated).toEqual([
    expect.stringMatching(/steps\[2\].*ILLEGAL_TRANSITION/),
    expect.stringMatching(/steps\[3\].*NO_ACCESS/),
    expect.stringMatching(/steps\[4\].*waited 50 ms/),
  ]);
});
