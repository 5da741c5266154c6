import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Node.js keeps here what it makes of each module, by the module's content: to strip the types of hundreds, and compile them, takes a second
// of a processor at every start. Where nothing can be written it does without.
const cache = fileURLToPath(new URL("./node_modules/.cache/resilver/", import.meta.url));
enableCompileCache(cache);
// For worker threads, which are told nothing else.
process.env["NODE_COMPILE_CACHE"] ??= cache;

await import("./program.ts");
