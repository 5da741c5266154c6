import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Readable } from "node:stream";
import { text as read } from "node:stream/consumers";
import { SetupError, systemCode } from "../setup-error.ts";
import { configSchema, type DaemonConfig } from "./config.ts";

/**
 * Reads the configuration of a daemon; every path in it becomes absolute.
 * @param file `-` for all of `input`, standard input: paths are relative to the working directory then
 * @throws SetupError CONFIG_INVALID
 */
export async function loadConfig(file: string, input: Readable = process.stdin): Promise<DaemonConfig> {
  let text: string;
  try {
    text = file === "-" ? await read(input) : await readFile(file, "utf8");
  } catch (error) {
    throw invalid(file, systemCode(error), "a file that can be read");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : "something else", "JSON");
  }
  return parseConfig(value, file);
}

/** @param file where it comes from: paths are relative to its folder. @throws SetupError CONFIG_INVALID */
export function parseConfig(value: unknown, file: string): DaemonConfig {
  const { success, data, error } = configSchema.safeParse(value);
  if (success) return withPaths(data, dirname(resolve(file)));
  const [issue] = error.issues;
  const place = (issue?.path ?? [])
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("");
  throw invalid(`${file} ${place === "" ? "(top)" : place.slice(1)}`, issue?.message ?? "", "what the schema says");
}

function invalid(place: string, found: string, expected: string): SetupError {
  const remedy = "see `resilver schema engine` and docs/operating.md";
  return new SetupError("CONFIG_INVALID", { place, found, expected, remedy });
}

function withPaths(config: DaemonConfig, folder: string): DaemonConfig {
  const at = (path: string): string => resolve(folder, path);
  const diskAt = (disk: string): string => (disk.startsWith("file:") ? `file:${at(disk.slice("file:".length))}` : disk);
  const { tls, nbd, control, meta } = config;
  return {
    ...config,
    volumes: config.volumes.map((volume) => ({ ...volume, disk: diskAt(volume.disk) })),
    meta: { ...meta, disk: diskAt(meta.disk) },
    tls: tls && { ca: at(tls.ca), cert: at(tls.cert), key: at(tls.key) },
    nbd: {
      ...nbd,
      tls: nbd.tls && { ...nbd.tls, cert: at(nbd.tls.cert), key: at(nbd.tls.key), ca: nbd.tls.ca && at(nbd.tls.ca) },
    },
    control: { ...control, tokenFile: at(control.tokenFile) },
  };
}
