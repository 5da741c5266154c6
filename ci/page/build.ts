import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type * as Vite from "vite";
import { PAGE_ELEMENTS } from "../../reports/page/page-data.ts";

// Makes `dist/page.html`: the page without its data, with all that it needs in the one file. `npm ci` calls it; where it
// brings no build tools (`--omit=dev`) there is no page, and results are written without it.

// The same page, whoever has it built: in a test it would be another, and larger.
process.env["NODE_ENV"] = "production";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Messages in some fifty languages, of which nobody here asks for any but English. */
const englishAlone: Vite.Plugin = {
  name: "english-alone",
  load: (id) => (id.endsWith("/zod/v4/locales/index.js") ? 'export { default as en } from "./en.js";' : undefined),
};

/** The native checksum is a program of the machine; a browser has the portable one. */
const portableChecksum: Vite.Plugin = {
  name: "portable-checksum",
  load: (id) =>
    id.endsWith("/engine/wire/crc32c.ts")
      ? 'export { portableCrc32c as crc32c } from "./portable-crc32c.ts";'
      : undefined,
};

/** One module with all that `entry` needs. */
async function bundle({ build }: typeof Vite, entry: string): Promise<{ readonly code: string; readonly css: string }> {
  const result = await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [englishAlone, portableChecksum],
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      write: false,
      target: "es2024",
      modulePreload: false,
      cssCodeSplit: false,
      rolldownOptions: { input: `${root}${entry}`, output: { codeSplitting: false } },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ("output" in one ? one.output : []));
  const code = outputs.flatMap((file) => (file.type === "chunk" ? [file.code] : [])).join("\n");
  const css = outputs.flatMap((file) =>
    file.type === "asset" && file.fileName.endsWith(".css") ? [String(file.source)] : [],
  );
  return { code, css: css.join("\n") };
}

const vite = await import("vite").catch(() => undefined);
if (vite === undefined) {
  process.stdout.write("no page is built: Vite is not installed\n");
  process.exit(0);
}

const app = await bundle(vite, "reports/page/main.tsx");
const engine = await bundle(vite, "harness/hunt/replay-worker.ts");
// A page that was opened as a file may start no module as a worker, and the program waits for WebAssembly.
const packed = gzipSync(`(async () => {\n${engine.code}\n})();`, { level: 9 }).toString("base64");
// Nothing in a script may end it.
const script = app.code.replaceAll("</script", "<\\/script");
const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>resilver</title>
<link rel="icon" href="data:,">
<style>${app.css}</style>
</head>
<body>
<div id="app"></div>
<noscript>This page shows its results with JavaScript. The same results are in index.json beside it.</noscript>
<script type="text/plain" id="${PAGE_ELEMENTS.engine}">${packed}</script>
<!-- data -->
<script type="module">${script}</script>
</body>
</html>
`;
mkdirSync(new URL("../../dist/", import.meta.url), { recursive: true });
writeFileSync(new URL("../../dist/page.html", import.meta.url), html);
process.stdout.write(
  `dist/page.html: ${Math.ceil(html.length / 1024)} KiB (page ${Math.ceil(app.code.length / 1024)}, engine ${Math.ceil(packed.length / 1024)} packed)\n`,
);
