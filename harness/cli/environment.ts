import { cpus, release, totalmem, type as osType } from "node:os";

/** What this process runs on, for people. */
export function environmentOf(version: string): [name: string, value: string][] {
  const processors = cpus();
  return [
    ["resilver", version],
    ["Node.js", process.version],
    ["system", `${osType()} ${release()}, ${process.arch}`],
    ["processors", `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}`],
    ["memory", `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
  ];
}
