import { wantThreads } from "./engine/node/disk/thread-shares.ts";
import { runProgram } from "./harness/cli/run-program.ts";
import { scenarioFiles } from "./harness/cli/scenario-files.ts";
import { simWorker } from "./harness/cli/sim-worker-module.ts";
import packageJson from "./package.json" with { type: "json" };

// Before anything else uses the thread pool, whose size is settled then.
wantThreads();

// The one place that knows scenarios, reports and harness together.
const scenarioFolder = new URL("./scenarios/", import.meta.url);
const engineFolder = new URL("./engine/", import.meta.url);
const reportFolder = new URL("./reports/", import.meta.url);
const targetFolder = new URL("./targets/", import.meta.url);

await runProgram({
  version: packageJson.version,
  calledAs: process.env["npm_lifecycle_event"] === undefined ? "resilver" : "npm run -s resilver --",
  scenarios: scenarioFiles(scenarioFolder),
  worker: simWorker({ scenarioFolder, engineFolder }),
  corpus: new URL("./regressions/seeds.jsonl", scenarioFolder),
  pageTemplate: new URL("./dist/page.html", import.meta.url),
  engineFolder,
  reportFolder,
  targetFolder,
  template: {
    template: new URL("template/", targetFolder),
    built: new URL("./dist/target-template/", import.meta.url),
  },
  // All that follows is loaded when it is asked for: it takes longer than most commands.
  loadReports: () => import("./reports/index.ts"),
  keys: async (request) => (await import("./engine/node/keys/key-files.ts")).writeKeyFiles(request),
  schemas: new Map([["engine", async () => (await import("./engine/node/daemon/config.ts")).configJsonSchema()]]),
  programs: [
    {
      name: "engine",
      description: "run the replication engine as a daemon",
      run: async (args, io) => (await import("./engine/node/cli/engine-program.ts")).engineProgram(args, io),
    },
    {
      name: "ctl",
      description: "ask a running engine, and give it commands",
      run: async (args, io) => (await import("./engine/node/cli/ctl-program.ts")).ctlProgram(args, io),
    },
  ],
});
