import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SetupError, systemCode } from "../setup-error.ts";

const TOKEN_BYTES = 32;
const LENGTH_MIN = 16;

/** The token of a control API, from its file. @throws SetupError TOKEN_FILE */
export async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw unusable(file, systemCode(error));
  }
  // What a header can carry.
  if (!/^[\x21-\x7e]+$/.test(token) || token.length < LENGTH_MIN) throw unusable(file, "something else");
  return token;
}

/** Likewise; if there is no such file, it gets a new token that nobody can guess. @throws SetupError TOKEN_FILE */
export async function readOrMakeToken(file: string): Promise<string> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${randomBytes(TOKEN_BYTES).toString("hex")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw unusable(file, systemCode(error));
  }
  return readToken(file);
}

function unusable(file: string, found: string): SetupError {
  return new SetupError("TOKEN_FILE", {
    place: file,
    found,
    expected: `one line of at least ${LENGTH_MIN} characters without blanks`,
    remedy: "remove it, and the engine makes one at its start",
  });
}
