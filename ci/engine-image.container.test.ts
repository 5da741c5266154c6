import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dockerCommand } from "../harness/world/containers/docker-command.ts";
import { programImage } from "../harness/world/containers/program-image.ts";

const TIMEOUT_MS = 60_000;
const data = (name: string): object => ({ disk: `file:/var/lib/resilver/${name}`, size: "1 MiB", create: true });
const config = {
  name: "a",
  volumes: [{ name: "data", ...data("data.img") }],
  meta: data("meta.img"),
  control: { host: "0.0.0.0", tokenFile: "/var/lib/resilver/control.token" },
  nbd: { host: "0.0.0.0" },
};

async function docker(...args: readonly string[]): Promise<string> {
  const answer = await dockerCommand(args, TIMEOUT_MS);
  if (!answer.ok) throw new Error(`docker ${args.join(" ")}: ${answer.why}`);
  return answer.stdout;
}

/** A container of the image with that configuration, not started. */
async function container(...options: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "resilver-image-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "engine.json");
  writeFileSync(file, JSON.stringify(config), { mode: 0o644 });
  const id = await docker("create", ...options, await programImage("engine"));
  onTestFinished(async () => {
    await docker("rm", "--force", "--volumes", id);
  });
  await docker("cp", file, `${id}:/etc/resilver/engine.json`);
  return id;
}

const ctl = ["node", "/opt/resilver/engine.mjs", "ctl", "--config", "/etc/resilver/engine.json"];

test("the image is healthy when the engine is ready, does not run as root, and stops clean", async () => {
  const id = await container("--health-interval", "500ms");
  await docker("start", id);
  await expect
    .poll(() => docker("inspect", "--format", "{{.State.Health.Status}}", id), { timeout: 30_000, interval: 200 })
    .toBe("healthy");
  expect(await docker("exec", id, "id", "-un")).toBe("node");
  expect(JSON.parse(await docker("exec", id, ...ctl, "--json", "status"))).toMatchObject({ system: "a", boot: 1 });

  await docker("stop", id);
  expect(await docker("inspect", "--format", "{{.State.ExitCode}}", id)).toBe("0");
  await docker("start", id);
  await expect
    .poll(async () => (await dockerCommand(["exec", id, ...ctl, "--json", "status"], TIMEOUT_MS)).ok, {
      timeout: 30_000,
    })
    .toBe(true);
  expect(JSON.parse(await docker("exec", id, ...ctl, "--json", "status"))).toMatchObject({ boot: 2 });
});
