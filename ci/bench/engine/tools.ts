import { spawnSync } from "node:child_process";

/** What the peers are, and the package of Debian that each is in. */
const PACKAGES = {
  fio: "fio",
  "qemu-storage-daemon": "qemu-utils or qemu-system-common",
  "qemu-nbd": "qemu-utils",
  nbdcopy: "libnbd-bin",
} as const;

export type Tool = keyof typeof PACKAGES;

/** Why what needs these tools is left out; `undefined` if they are all there. */
export function missing(...tools: readonly Tool[]): string | undefined {
  const absent = tools.filter((tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).error !== undefined);
  if (absent.length === 0) return undefined;
  return `not measured: ${absent.map((tool) => `${tool} is not installed (package ${PACKAGES[tool]})`).join(", ")}`;
}
