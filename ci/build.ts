import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { build } from "esbuild";

/** The programs that run in containers, each bundled into one file: `npm run build`. */
const PROGRAMS = [
  { entry: "engine/node/cli/main.ts", bundle: "dist/engine.mjs" },
  { entry: "harness/world/containers/fault-disk/main.ts", bundle: "dist/fault-disk.mjs" },
].filter(({ entry }) => existsSync(entry));

// Some packages are CommonJS and ask for Node.js built-ins by `require`, which a module has not.
const REQUIRE = `import { createRequire as resilverCreateRequire } from "node:module";
const require = resilverCreateRequire(import.meta.url);`;

await rm("dist", { recursive: true, force: true });
for (const { entry, bundle } of PROGRAMS) {
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    sourcemap: true,
    banner: { js: REQUIRE },
    logLevel: "warning",
  });
  console.log(bundle);
}
