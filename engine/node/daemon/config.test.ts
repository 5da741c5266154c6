import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { SetupError } from "../setup-error.ts";
import { configJsonSchema } from "./config.ts";
import { readOrMakeToken, readToken } from "./control-token.ts";
import { scratchFolder } from "./daemon-process.fixture.ts";
import { loadConfig, parseConfig } from "./load-config.ts";

const least = {
  name: "a",
  volumes: [{ name: "pvol", disk: "file:disks/pvol.img", size: "64 MiB" }],
  meta: { disk: "nbd://[::1]:10809/meta", size: 131_072 },
};

test("what is left out has defaults that are safe: loopback, no file is made", () => {
  const config = parseConfig(least, "/etc/resilver/engine.json");
  expect(config).toMatchObject({
    volumes: [{ size: 64 * 2 ** 20, trackBytes: 8192, create: false, disk: "file:/etc/resilver/disks/pvol.img" }],
    meta: { disk: "nbd://[::1]:10809/meta", create: false },
    nbd: { host: "127.0.0.1", port: 10_809 },
    control: { host: "127.0.0.1", port: 7070, tokenFile: "/etc/resilver/control.token" },
    links: [],
  });
  expect(parseConfig(config, "/anywhere").volumes).toEqual(config.volumes);
});

test.for<[string, object, RegExp]>([
  ["a key that nobody knows", { colour: "red" }, /"colour"/],
  ["a disk of no kind", { meta: { disk: "/dev/sda", size: 512 } }, /meta\.disk: found file:PATH, or nbd:/],
  ["half a sector", { meta: { disk: "file:m", size: 1000 } }, /meta\.size: found a multiple of 512/],
  ["a size in another unit", { meta: { disk: "file:m", size: "3 MB" } }, /meta\.size/],
  ["a track of an odd size", { volumes: [{ ...least.volumes[0], trackBytes: 5000 }] }, /volumes\[0\]\.trackBytes/],
  ["two volumes of one name", { volumes: [least.volumes[0], least.volumes[0]] }, /volumes\[1\]\.name.*pvol/],
  ["a journal of no volume", { journals: [{ volume: "x", log: "pvol", base: "pvol" }] }, /journals\[0\]\.volume/],
  ["an image without room", { images: [{ volume: "pvol", method: "old-data" }] }, /images\[0\]\.area/],
  ["a name with a slash", { name: "a/b" }, /name: found a name without/],
  ["no volume", { volumes: [] }, /volumes/],
])("refused, with its place: %s", ([, change, place]) => {
  let refused: unknown;
  try {
    parseConfig({ ...least, ...change }, "engine.json");
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(SetupError);
  expect(refused).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringMatching(place) });
});

test("a file that is not there, or is no JSON", async () => {
  const folder = scratchFolder();
  await expect(loadConfig(join(folder, "none.json"))).rejects.toThrow(/CONFIG_INVALID .*none\.json: found ENOENT/);
  writeFileSync(join(folder, "half.json"), '{ "name": ');
  await expect(loadConfig(join(folder, "half.json"))).rejects.toThrow(/CONFIG_INVALID .*half\.json: .*expected JSON/);
});

test("a configuration from standard input is relative to the working directory", async () => {
  const text = JSON.stringify(least);
  const config = await loadConfig("-", Readable.from([text.slice(0, 20), text.slice(20)]));
  expect(config).toEqual(parseConfig(least, join(process.cwd(), "any.json")));
  await expect(loadConfig("-", Readable.from([]))).rejects.toThrow(/CONFIG_INVALID -: .*expected JSON/);
});

test("the JSON Schema has every part, with defaults", () => {
  expect(configJsonSchema()).toMatchObject({
    required: ["name", "volumes", "meta"],
    additionalProperties: false,
    properties: { nbd: { properties: { port: { default: 10_809 } } }, volumes: { items: { type: "object" } } },
  });
});

test("a token is made once, for its owner alone", async () => {
  const file = join(scratchFolder(), "new/token");
  const token = await readOrMakeToken(file);
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(await readOrMakeToken(file)).toBe(token);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toBe(`${token}\n`);
});

test.for([
  ["nothing", ""],
  ["too little", "short"],
  ["two lines", "0123456789abcdef\n0123456789abcdef"],
])("a file with %s is no token", async ([, text = ""]) => {
  const file = join(scratchFolder(), "token");
  writeFileSync(file, text);
  await expect(readToken(file)).rejects.toMatchObject({ code: "TOKEN_FILE" });
});

test("a folder is no token", async () => {
  const file = join(scratchFolder(), "token");
  mkdirSync(file);
  await expect(readOrMakeToken(file)).rejects.toMatchObject({ code: "TOKEN_FILE" });
});
