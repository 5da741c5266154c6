import type { WorkerModule } from "./worker-slot.ts";

/** Worker threads that run plans in the simulated world. Folders end with a slash. */
export function simWorker(folders: { readonly scenarioFolder: URL; readonly engineFolder: URL }): WorkerModule {
  return {
    entry: new URL("./sim-worker.ts", import.meta.url),
    data: { scenarioFolder: folders.scenarioFolder.href, engineFolder: folders.engineFolder.href },
  };
}

/** What a worker thread is started with. */
export interface SimWorkerData {
  readonly scenarioFolder: string;
  readonly engineFolder: string;
}
