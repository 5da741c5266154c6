import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { converged, create, MiB, mirror, scenario, status, wait, workload } from "../../plan/index.ts";
import { runInContainers } from "./run-in-containers.ts";
import { Stage } from "./stage.ts";

/** Far more than can be written before its end. */
const plan = (writes: number): ReturnType<typeof scenario> =>
  scenario({
    name: "a Toxiproxy that ends",
    requirements: ["LS-1"],
    topology: mirror({ sizeBytes: MiB(1), mode: "sync" }),
    steps: [create("pair"), wait(status("pair", "DUPLEX")), workload("pvol", { writes, thinkUsMax: 2000 })],
    expect: [converged()],
  });

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

test("a Toxiproxy that ends in the middle of a run: the record says so, and the next run has another", async () => {
  const { toxiproxy } = stage;
  const running = runInContainers(plan(100_000), { id: "toxiproxy-ends", seed: 1, replay: "", stage });
  while (!(await toxiproxy.container.logs()).includes("Accepted client")) await sleep(20);
  await toxiproxy.container.kill();
  const { verdict, failures } = await running;
  expect(verdict).toBe("ERROR");
  expect(failures.map(({ rule }) => rule)).toEqual(["harness"]);
  const [message = ""] = failures.map((failure) => failure.message);
  expect(message).toContain(
    `TOXIPROXY: container ${toxiproxy.container.address}: found Toxiproxy ended with exit code 137`,
  );
  expect(message).toContain("Started proxy");
  expect(message).toContain("expected Toxiproxy to go on running, as all links lead through it; ");
  const next = await runInContainers(plan(20), { id: "toxiproxy-again", seed: 1, replay: "", stage });
  expect([next.verdict, next.failures]).toEqual(["PASS", []]);
});
