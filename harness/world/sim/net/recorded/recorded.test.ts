import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hostPump } from "../../host-pump.ts";
import { differences } from "./compare.ts";
import { replay } from "./replay.ts";
import type { RecordingFile } from "./schedule.ts";

const file = JSON.parse(readFileSync(new URL("toxiproxy.json", import.meta.url), "utf8")) as RecordingFile;

test("the recordings are of the server that is simulated", () => {
  expect(file.toxiproxyVersion).toBe("2.12.0");
  expect(file.recordings.length).toBeGreaterThanOrEqual(130);
});

test.each(file.recordings)("as Toxiproxy: $schedule.name", async (recording) => {
  const simulated = await replay(recording.schedule, recording.startedMs, hostPump());
  expect(differences(recording, simulated)).toEqual([]);
});
