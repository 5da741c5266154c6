import { findTool } from "../../oracle/find-tool.ts";
import { NODE_IMAGE, TOXIPROXY_IMAGE } from "./base-images.ts";
import { dockerCommand } from "./docker-command.ts";

/** Tests that need more than Node.js, by what they need. */
export type OuterSuite = "tools" | "containers";

/** One thing that tests or the container world need of this machine. */
export interface ProvisionedPart {
  readonly name: string;
  readonly suite: OuterSuite;
  readonly present: boolean;
  /** Version or place, or what was found instead. */
  readonly found: string;
  readonly remedy: string;
}

/** Programs of Debian that tests drive, with their packages. `ci/provision.sh` installs the same. */
const TOOLS = [
  ["nbdinfo", "libnbd-bin"],
  ["nbdcopy", "libnbd-bin"],
  ["nbdfuse", "nbdfuse"],
  ["nbdkit", "nbdkit"],
  ["qemu-io", "qemu-utils"],
  ["qemu-img", "qemu-utils"],
  ["qemu-storage-daemon", "qemu-system-common"],
  ["fio", "fio"],
  ["e2fsck", "e2fsprogs"],
  ["openssl", "openssl"],
] as const;

const PROVISION = "ci/provision.sh (as root on Debian, CI=true lets it install what is missing)";
const ANSWER_MS_MAX = 20_000;

/** Looks for everything that tests outside this process need; changes nothing. */
export async function provisionedParts(): Promise<readonly ProvisionedPart[]> {
  const tools = TOOLS.map(([name, debianPackage]): ProvisionedPart => {
    const path = findTool(name);
    const remedy = `apt-get install ${debianPackage}`;
    return { name, suite: "tools", present: path !== undefined, found: path ?? "absent", remedy };
  });
  const engine = await engineAnswer();
  if (!engine.present) return [...tools, engine];
  return [...tools, engine, ...(await Promise.all([NODE_IMAGE, TOXIPROXY_IMAGE].map(imagePart)))];
}

async function engineAnswer(): Promise<ProvisionedPart> {
  const answer = await dockerCommand(["version", "--format", "{{.Server.Version}}"], ANSWER_MS_MAX);
  const found = answer.ok ? answer.stdout : answer.why;
  return { name: "Docker engine", suite: "containers", present: answer.ok, found, remedy: PROVISION };
}

async function imagePart(name: string): Promise<ProvisionedPart> {
  const answer = await dockerCommand(["image", "inspect", "--format", "{{.Id}}", name], ANSWER_MS_MAX);
  const found = answer.ok ? answer.stdout.slice(0, "sha256:".length + 12) : "absent";
  return { name: `image ${name}`, suite: "containers", present: answer.ok, found, remedy: PROVISION };
}
