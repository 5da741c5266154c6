import { expect, test } from "vitest";
import { logBytesMin } from "../journal/log-layout.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";
import { GROUP_VOLUMES_MAX } from "./config.ts";
import { Journals } from "./journals.ts";

const SIZE_BYTES = 4096;
const TRACK_BYTES = 1024;

function opened(count: number, group: string): Promise<Journals> {
  const runtime = testRuntime();
  const volumes = new Map<string, Volume>();
  const volumeOf = (name: string): Volume => {
    const found = volumes.get(name);
    if (found !== undefined) return found;
    const of = (sizeBytes: number): Volume => new Volume(name, new FakeDisk(sizeBytes), TRACK_BYTES, runtime);
    const made = of(name.endsWith("-log") ? logBytesMin(of(SIZE_BYTES)) : SIZE_BYTES);
    volumes.set(name, made);
    return made;
  };
  const configs = Array.from({ length: count }, (_, index) => {
    const volume = `v${index}`;
    return { volume, log: `${volume}-log`, base: `${volume}-base`, group };
  });
  return Journals.open(configs, volumeOf, runtime);
}

test("a group is of so many volumes at most: one more is refused at the start, and named", async () => {
  const journals = await opened(GROUP_VOLUMES_MAX, "g");
  expect(journals.ofGroup("g")).toHaveLength(GROUP_VOLUMES_MAX);
  await expect(opened(GROUP_VOLUMES_MAX + 1, "g")).rejects.toMatchObject({
    code: "JOURNAL_MISFIT",
    context: { volume: `v${GROUP_VOLUMES_MAX}`, expected: `at most ${GROUP_VOLUMES_MAX} volumes` },
  });
});

test("journals without a group are as many as one likes, and belong to nobody", async () => {
  const journals = await opened(GROUP_VOLUMES_MAX + 1, "");
  expect([journals.all().length, journals.ofGroup("")]).toEqual([GROUP_VOLUMES_MAX + 1, []]);
});
