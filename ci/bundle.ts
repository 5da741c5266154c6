import { build } from "esbuild";

// Some packages are CommonJS and ask for Node.js built-ins by `require`, which a module has not.
const REQUIRE = `import { createRequire as resilverCreateRequire } from "node:module";
const require = resilverCreateRequire(import.meta.url);`;

/** The program of the engine, alone: what its image runs. */
export const ENGINE_ENTRY = "engine/node/cli/main.ts";

/** Makes one file of a program and all that it imports, with a source map and native code beside it. */
export async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    sourcemap: true,
    // Only positions are looked up; a map with all sources in it takes as long to read as the program.
    sourcesContent: false,
    banner: { js: REQUIRE },
    // Native code that is installed here lies beside the program; of what is for other processors nothing is found.
    loader: { ".node": "copy" },
    assetNames: "[name]",
    logLevel: "warning",
  });
}
