import { spawn } from "node:child_process";
import { once } from "node:events";
import { getContainerRuntimeClient } from "testcontainers";
import { expect, test } from "vitest";
import { NODE_IMAGE } from "../world/containers/base-images.ts";
import { leftoversOf } from "../world/containers/runtime/leftovers.ts";
import { RUN_LABEL } from "../world/containers/runtime/owner.ts";

test("after Ctrl-C nothing is left of a run", async () => {
  const module = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const code = `
    const { interruptSignal } = await import(${module("interrupt.ts")});
    const { withContainers } = await import(${module("with-containers.ts")});
    const { ContainerRuntime } = await import(${module("../world/containers/runtime/container-runtime.ts")});
    const signal = interruptSignal();
    await withContainers(async () => {
      const runtime = await ContainerRuntime.connect();
      const network = await runtime.network("net");
      await runtime.volume("data");
      await runtime.start({ name: "long", image: ${JSON.stringify(NODE_IMAGE)}, network, ports: [],
        command: ["sleep", "1000"], ready: async () => true });
      process.stdout.write(runtime.runId);
      const alive = setInterval(() => {}, 1000);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      clearInterval(alive);
    });`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code];
  const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  const [runId] = (await once(child.stdout, "data")) as [Buffer];
  const { container } = await getContainerRuntimeClient();
  const left = (): ReturnType<typeof leftoversOf> => leftoversOf(container.dockerode, `${RUN_LABEL}=${String(runId)}`);
  expect(await left()).toHaveLength(3);
  const ended = once(child, "exit");
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(await left()).toEqual([]);
});
