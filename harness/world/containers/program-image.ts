import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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
  const bundle = join(ROOT, "dist", `${program}.mjs`);
  const dockerfile = join(ROOT, "ci/docker", `${program}.Dockerfile`);
  const content = await readFile(bundle).catch(() => {
    throw new ContainerError("IMAGE", {
      place: `image of ${program}`,
      found: `no ${bundle}`,
      expected: "the bundled program",
      remedy: "npm run build",
    });
  });
  const base = await dockerCommand(["image", "inspect", "--format", "{{.Id}}", NODE_IMAGE], BUILD_MS_MAX);
  const digest = createHash("sha256")
    .update(content)
    .update(await readFile(dockerfile))
    .update(base.ok ? base.stdout : "")
    .digest("hex");
  const tag = `resilver-${program}:${digest.slice(0, 12)}`;
  if ((await dockerCommand(["image", "inspect", "--format", "{{.Id}}", tag], BUILD_MS_MAX)).ok) return tag;
  // A context of its own: the folder of the repository is large.
  const context = await mkdtemp(join(tmpdir(), "resilver-image-"));
  try {
    for (const file of [bundle, `${bundle}.map`]) await copyFile(file, join(context, basename(file)));
    const built = await dockerCommand(["build", "-q", "-t", tag, "-f", dockerfile, context], BUILD_MS_MAX);
    if (built.ok) return tag;
    throw new ContainerError("IMAGE", {
      place: `image of ${program}`,
      found: built.why,
      expected: "docker build to succeed",
      remedy: "resilver doctor says what is missing",
    });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
