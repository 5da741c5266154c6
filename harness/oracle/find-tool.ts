import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where distributions keep the tools of an administrator, often outside a user's PATH. */
const ADMIN_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The path of an executable, searched in `path` and then where administrators' tools are. */
export function findTool(name: string, path = process.env["PATH"] ?? ""): string | undefined {
  for (const directory of [...path.split(delimiter), ...ADMIN_DIRECTORIES]) {
    if (directory === "") continue;
    const candidate = join(directory, name);
    if (isExecutable(candidate)) return candidate;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
