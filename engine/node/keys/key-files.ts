import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SetupError, systemCode } from "../setup-error.ts";
import { type KeyOptions, type KeyPair, makeKeys } from "./make-keys.ts";

export interface KeyFilesRequest {
  readonly folder: string;
  /** One certificate for each. */
  readonly names: readonly string[];
  readonly days?: number;
}

const AUTHORITY = "ca";
/** Private keys are for their owner alone. */
const KEY_MODE = 0o600;
const CERT_MODE = 0o644;

/**
 * Makes keys as files: `ca.crt` and `ca.key` of the authority, `NAME.crt` and `NAME.key` of each system.
 * An authority that the folder has already is used; nothing is ever overwritten, and what cannot be
 * made whole is not made at all.
 *
 * @returns the files written
 * @throws SetupError KEYS_EXIST, KEYS_FOLDER, KEYS_NAME, LINK_TLS
 */
export async function writeKeyFiles({ folder, names, days }: KeyFilesRequest): Promise<readonly string[]> {
  if (names.some((name) => name.toLowerCase() === AUTHORITY))
    throw new SetupError("KEYS_NAME", {
      place: "name of a system",
      found: AUTHORITY,
      expected: "another name: those files are the authority's",
      remedy: "give the system another name",
    });
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw folderError(folder, error);
  });
  const authority = await readAuthority(folder);
  const options: KeyOptions = {
    ...(authority === undefined ? {} : { authority }),
    ...(days === undefined ? {} : { days }),
  };
  const made = await makeKeys(names, options);
  const pairs: [string, KeyPair][] = authority === undefined ? [[AUTHORITY, made.authority]] : [];
  pairs.push(...made.systems);
  const written: string[] = [];
  try {
    for (const [name, { cert, key }] of pairs) {
      await writeNew(join(folder, `${name}.key`), key, KEY_MODE, written);
      await writeNew(join(folder, `${name}.crt`), cert, CERT_MODE, written);
    }
  } catch (error) {
    for (const path of written) await rm(path, { force: true });
    throw error;
  }
  return written;
}

/** @throws SetupError KEYS_EXIST */
async function writeNew(path: string, text: string, mode: number, written: string[]): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx", mode, flush: true });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw folderError(path, error);
    throw new SetupError("KEYS_EXIST", {
      place: path,
      found: "a file",
      expected: "none: keys are never overwritten",
      remedy: "move it away, or choose another folder",
    });
  }
  written.push(path);
}

/** Both files of it, or none. */
async function readAuthority(folder: string): Promise<KeyPair | undefined> {
  const key = await readIfThere(join(folder, `${AUTHORITY}.key`));
  const cert = await readIfThere(join(folder, `${AUTHORITY}.crt`));
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw folderError(path, error);
  }
}

function folderError(place: string, error: unknown): SetupError {
  return new SetupError(
    "KEYS_FOLDER",
    {
      place,
      found: systemCode(error),
      expected: "a folder to keep keys in",
      remedy: "choose a folder that can be read and written",
    },
    { cause: error },
  );
}
