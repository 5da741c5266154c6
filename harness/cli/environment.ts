import { cpus, release, totalmem, type as osType } from "node:os";

/** What runs run on, for people: name and value. @param version of the package */
export function environmentOf(version: string): readonly (readonly [name: string, value: string])[] {
  const processors = cpus();
  return [
    ["resilver", version],
    ["Node.js", process.version],
    ["system", `${osType()} ${release()}, ${process.arch}`],
    ["processors", `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}`],
    ["memory", `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
  ];
}
