import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hostPump } from "../../host-pump.ts";
import { differencesFromAll, outcomes } from "./outcomes.ts";
import type { RecordingFile } from "./schedule.ts";
import { schedules } from "./schedules.ts";

const file = JSON.parse(readFileSync(new URL("toxiproxy.json", import.meta.url), "utf8")) as RecordingFile;

test("the recordings are of the server that is simulated", () => {
  expect(file.toxiproxyVersion).toBe("2.12.0");
  expect(file.recordings.length).toBe(schedules.length);
});

test.each(file.recordings)("as Toxiproxy: $schedule.name", async (recording) => {
  const possible = await outcomes(recording.schedule, recording.startedMs, hostPump());
  expect(differencesFromAll(recording, possible ?? [])).toEqual([]);
});
