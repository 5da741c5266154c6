import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getContainerRuntimeClient } from "testcontainers";
import { NODE_IMAGE } from "./base-images.ts";
import { ContainerError } from "./container-error.ts";
import { dockerCommand } from "./docker-command.ts";
import { isNotFound } from "./runtime/running-container.ts";
import { within } from "./runtime/within.ts";

/** A program of ours with an image of its own. */
export type Program = "engine" | "fault-disk";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const BUILD_MS_MAX = 120_000;
const INSPECT_MS_MAX = 20_000;

/**
 * The image of `program`, built if it is not there. Its tag is a digest of all that goes into it: a
 * stale image is never used, and a failed build cannot pass for an older one.
 *
 * @throws ContainerError IMAGE, RUNTIME
 */
export async function programImage(program: Program): Promise<string> {
  const folder = join(ROOT, "dist", program);
  const dockerfile = join(ROOT, "ci/docker", `${program}.Dockerfile`);
  const files = (await readdir(folder).catch(() => [])).toSorted((left, right) => (left < right ? -1 : 1));
  if (files.length === 0) throw notBuilt(program, folder);
  const digest = createHash("sha256");
  for (const file of files) digest.update(file).update(await readFile(join(folder, file)));
  digest.update(await readFile(dockerfile)).update(await imageId(NODE_IMAGE));
  const tag = `resilver-${program}:${digest.digest("hex").slice(0, 12)}`;
  if ((await imageId(tag)) !== "") return tag;
  const built = await dockerCommand(["build", "-q", "-t", tag, "-f", dockerfile, folder], BUILD_MS_MAX);
  if (built.ok) return tag;
  throw new ContainerError("IMAGE", {
    place: `image of ${program}`,
    found: built.why,
    expected: "docker build to succeed",
    remedy: "resilver doctor says what is missing",
  });
}

/** "" if it is not there. */
async function imageId(name: string): Promise<string> {
  try {
    return await within(`inspection of image ${name}`, INSPECT_MS_MAX, async () => {
      const { container } = await getContainerRuntimeClient();
      return (await container.dockerode.getImage(name).inspect()).Id;
    });
  } catch (error) {
    if (isNotFound(error)) return "";
    throw error;
  }
}

/** A program of ours that is put into a container of another image. @throws ContainerError IMAGE */
export async function programFile(program: "machine"): Promise<Uint8Array> {
  const file = join(ROOT, "dist", program, `${program}.mjs`);
  try {
    return await readFile(file);
  } catch {
    throw notBuilt(program, file);
  }
}

function notBuilt(program: string, path: string): ContainerError {
  const expected = "the bundled program";
  return new ContainerError("IMAGE", { place: program, found: `no ${path}`, expected, remedy: "npm run build" });
}
