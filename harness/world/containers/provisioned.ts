import { findPostgres } from "../../oracle/find-postgres.ts";
import { findTool } from "../../oracle/find-tool.ts";
import { NODE_IMAGE, TARGET_IMAGES, TOXIPROXY_IMAGE } from "./base-images.ts";
import { dockerCommand } from "./docker-command.ts";
import { mountObstacles } from "./mounted/mount-ability.ts";

/** Tests that need more than Node.js, by what they need. */
export type OuterSuite = "tools" | "database" | "containers" | "mounts";

/** One thing that tests or the container world need of this machine. */
export interface ProvisionedPart {
  readonly name: string;
  readonly suite: OuterSuite;
  readonly present: boolean;
  /** Version or place, or what was found instead. */
  readonly found: string;
  readonly remedy: string;
  /** What the machine is, and no installation brings: even CI does without it, and says so. */
  readonly inherent?: true;
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
  ["chromium", "chromium"],
] as const;

/** Those that only tests with mounts drive. */
const MOUNT_TOOLS = [
  ["sqlite3", "sqlite3"],
  ["mkfs.ext4", "e2fsprogs"],
  ["mount", "mount"],
  ["nsenter", "util-linux"],
] as const;

const PROVISION = "ci/provision.sh (as root on Debian, CI=true lets it install what is missing)";
const ANSWER_MS_MAX = 20_000;

/** Looks for everything that tests outside this process need; changes nothing. */
export async function provisionedParts(): Promise<readonly ProvisionedPart[]> {
  const tools = [...TOOLS.map(toolPart("tools")), postgresPart(), ...MOUNT_TOOLS.map(toolPart("mounts"))];
  const [engine, mounts] = await Promise.all([engineAnswer(), mountsPart()]);
  if (!engine.present) return [...tools, engine, mounts];
  return [
    ...tools,
    engine,
    ...(await Promise.all([NODE_IMAGE, TOXIPROXY_IMAGE, ...TARGET_IMAGES].map(imagePart))),
    mounts,
  ];
}

function toolPart(suite: OuterSuite): (tool: readonly [name: string, debianPackage: string]) => ProvisionedPart {
  return ([name, debianPackage]) => {
    const path = findTool(name);
    const remedy = `apt-get install ${debianPackage}`;
    return { name, suite, present: path !== undefined, found: path ?? "absent", remedy };
  };
}

function postgresPart(): ProvisionedPart {
  const path = findPostgres();
  const found = path ?? "absent";
  const remedy = "apt-get install postgresql";
  return { name: "PostgreSQL server", suite: "database", present: path !== undefined, found, remedy };
}

async function mountsPart(): Promise<ProvisionedPart> {
  const obstacles = await mountObstacles();
  return {
    name: "mounts over NBD",
    suite: "mounts",
    present: obstacles.length === 0,
    found: obstacles.join(", ") || "FUSE, loop devices, ext4",
    remedy: "as root: modprobe -a fuse loop ext4; in a container, one with --privileged",
    inherent: true,
  };
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
