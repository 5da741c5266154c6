import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { bundle, ENGINE_ENTRY } from "./bundle.ts";

/** The programs that run in containers, and what vendors are given for theirs, each bundled into a folder of its own: `npm run build`. */
const PROGRAMS = [
  { entry: ENGINE_ENTRY, file: "dist/engine/engine.mjs" },
  { entry: "harness/world/containers/fault-disk/main.ts", file: "dist/fault-disk/fault-disk.mjs" },
  { entry: "harness/world/containers/machine/main.ts", file: "dist/machine/machine.mjs" },
  { entry: "ci/nbd-kit.ts", file: "dist/target-template/nbd.mjs" },
].filter(({ entry }) => existsSync(entry));

await rm("dist", { recursive: true, force: true });
for (const { entry, file } of PROGRAMS) {
  await bundle(entry, file);
  console.log(file);
}
