import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE_IMAGE } from "./base-images.ts";
import { ContainerError } from "./container-error.ts";
import { dockerCommand } from "./docker-command.ts";

/** A program of ours that runs in containers. */
export type Program = "engine" | "fault-disk";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const BUILD_MS_MAX = 120_000;

/**
 * The image of `program`, built if it is not there. Its tag is a digest of all that goes into it: a
 * stale image is never used, and a failed build cannot pass for an older one.
 *
 * @throws ContainerError IMAGE
 */
export async function programImage(program: Program): Promise<string> {
  const folder = join(ROOT, "dist", program);
  const dockerfile = join(ROOT, "ci/docker", `${program}.Dockerfile`);
  const files = (await readdir(folder).catch(() => [])).toSorted((left, right) => (left < right ? -1 : 1));
  if (files.length === 0)
    throw new ContainerError("IMAGE", {
      place: `image of ${program}`,
      found: `no ${folder}`,
      expected: "the bundled program",
      remedy: "npm run build",
    });
  const base = await dockerCommand(["image", "inspect", "--format", "{{.Id}}", NODE_IMAGE], BUILD_MS_MAX);
  const digest = createHash("sha256");
  for (const file of files) digest.update(file).update(await readFile(join(folder, file)));
  digest.update(await readFile(dockerfile)).update(base.ok ? base.stdout : "");
  const tag = `resilver-${program}:${digest.digest("hex").slice(0, 12)}`;
  if ((await dockerCommand(["image", "inspect", "--format", "{{.Id}}", tag], BUILD_MS_MAX)).ok) return tag;
  const built = await dockerCommand(["build", "-q", "-t", tag, "-f", dockerfile, folder], BUILD_MS_MAX);
  if (built.ok) return tag;
  throw new ContainerError("IMAGE", {
    place: `image of ${program}`,
    found: built.why,
    expected: "docker build to succeed",
    remedy: "resilver doctor says what is missing",
  });
}
