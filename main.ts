import { isMainThread } from "node:worker_threads";
import packageJson from "./package.json" with { type: "json" };
import { commandLine } from "./harness/cli/command-line.ts";
import { interruptSignal } from "./harness/cli/interrupt.ts";
import { scenarioFiles } from "./harness/cli/scenario-files.ts";
import { serveTasks } from "./harness/cli/serve-tasks.ts";
import { simTaskRunner } from "./harness/cli/sim-task-runner.ts";
import { processTerminal } from "./harness/cli/terminal.ts";
import { consoleReport, junitXml, resultDocument, resultJsonSchema } from "./reports/index.ts";

// The one place that knows scenarios, reports and harness together. The same file is the body of
// the worker threads, so that they are put together from the same parts.
const scenarios = scenarioFiles(new URL("./scenarios/", import.meta.url));
const engineFolder = new URL("./engine/", import.meta.url);

if (isMainThread) {
  process.exitCode = await commandLine(
    {
      version: packageJson.version,
      calledAs: process.env["npm_lifecycle_event"] === undefined ? "resilver" : "npm run -s resilver --",
      scenarios,
      reports: { consoleReport, junitXml, resultDocument, resultJsonSchema },
      worker: new URL(import.meta.url),
      engineFolder,
      terminal: processTerminal(),
      interrupt: interruptSignal(),
    },
    process.argv.slice(2),
  );
} else {
  serveTasks(simTaskRunner({ scenarios, engineFolder }));
}
