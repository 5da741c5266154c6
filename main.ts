import packageJson from "./package.json" with { type: "json" };
import { commandLine } from "./harness/cli/command-line.ts";
import { interruptSignal } from "./harness/cli/interrupt.ts";
import { scenarioFiles } from "./harness/cli/scenario-files.ts";
import { simWorker } from "./harness/cli/sim-worker-module.ts";
import { processTerminal } from "./harness/cli/terminal.ts";
import { consoleReport, junitXml, resultDocument, resultJsonSchema } from "./reports/index.ts";

// The one place that knows scenarios, reports and harness together.
const scenarioFolder = new URL("./scenarios/", import.meta.url);
const engineFolder = new URL("./engine/", import.meta.url);

process.exitCode = await commandLine(
  {
    version: packageJson.version,
    calledAs: process.env["npm_lifecycle_event"] === undefined ? "resilver" : "npm run -s resilver --",
    scenarios: scenarioFiles(scenarioFolder),
    reports: { consoleReport, junitXml, resultDocument, resultJsonSchema },
    worker: simWorker({ scenarioFolder, engineFolder }),
    engineFolder,
    terminal: processTerminal(),
    interrupt: interruptSignal(),
  },
  process.argv.slice(2),
);
