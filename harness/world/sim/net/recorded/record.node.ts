import { readFile, writeFile } from "node:fs/promises";
import { callToxiproxy, runLive } from "./live-run.node.ts";
import type { Recording, RecordingFile } from "./schedule.ts";
import { schedules } from "./schedules.ts";

/**
 * Runs every schedule against a real Toxiproxy server and writes what it saw beside this file.
 * `TOXIPROXY_URL=http://127.0.0.1:8474 tsx harness/world/sim/net/recorded/record.node.ts [part of a name]`:
 * with a part of a name, only those schedules are run again. The machine should be quiet. The server:
 * `go install -ldflags "-X github.com/Shopify/toxiproxy/v2.Version=2.12.0" github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0`
 */
const url = process.env["TOXIPROXY_URL"];
const CONCURRENT = 4;

async function main(): Promise<void> {
  if (url === undefined) throw new Error("TOXIPROXY_URL: found nothing, expected the address of a Toxiproxy API");
  const { version } = (await callToxiproxy(url, "GET", "/version")) as { readonly version: string };
  const file = new URL("toxiproxy.json", import.meta.url);
  const only = process.argv[2] ?? "";
  const kept = new Map<string, Recording>();
  if (only !== "") {
    const previous = JSON.parse(await readFile(file, "utf8")) as RecordingFile;
    for (const recording of previous.recordings) kept.set(recording.schedule.name, recording);
  }
  const waiting = schedules.map((schedule, index) => ({ schedule, index })).filter(({ schedule }) => schedule.name.includes(only));
  // The first run of all is slow, and so not recorded.
  if (schedules[0] !== undefined) await runLive(url, schedules[0], "warm-up");
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      kept.set(next.schedule.name, await runLive(url, next.schedule, `recording${next.index}`, console.error));
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  const recordings = schedules.flatMap(({ name }) => kept.get(name) ?? []);
  const lines = recordings.map((recording) => JSON.stringify(recording)).join(",\n");
  await writeFile(file, `{"toxiproxyVersion":${JSON.stringify(version)},"recordings":[\n${lines}\n]}\n`);
  console.log(`${recordings.length} recordings of Toxiproxy ${version}`);
}

await main();
