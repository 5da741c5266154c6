import { createHash } from "node:crypto";
import { open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

const FILES = 24;
const FILE_BYTES_MAX = 48 * 1024;

/**
 * Writes files one after the other in a folder, each as an editor saves it: a new file, `fsync`, a rename
 * over the old one, `fsync` of the folder. What is acknowledged then must be there for good.
 */
export class SyncedFiles {
  readonly #acknowledged = new Map<string, number>();
  #versions = 0;

  /** How many files have been saved and acknowledged. */
  get count(): number {
    return this.#versions;
  }

  /** Saves the next file. @throws the error of the file system: whether it was saved is open then */
  async save(folder: string): Promise<void> {
    const version = this.#versions + 1;
    const name = nameOf(version);
    const fresh = join(folder, `${name}.new`);
    const file = await open(fresh, "w");
    try {
      await file.writeFile(contentOf(version));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, join(folder, name));
    const directory = await open(folder, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
    this.#versions = version;
    this.#acknowledged.set(name, version);
  }

  /**
   * What is wrong in a folder that should hold every acknowledged file. The one that was being saved
   * may be there or not, but whole.
   */
  async wrongIn(folder: string): Promise<readonly string[]> {
    const wrong: string[] = [];
    const there = new Set(await readdir(folder));
    const underWay = this.#versions + 1;
    const names = new Set([...this.#acknowledged.keys(), nameOf(underWay)]);
    for (const name of names) {
      const version = this.#acknowledged.get(name);
      if (!there.has(name)) {
        if (version !== undefined) wrong.push(`${name}: version ${version} is not there`);
        continue;
      }
      const content = await readFile(join(folder, name));
      const isAcknowledged = version !== undefined && content.equals(contentOf(version));
      const isUnderWay = name === nameOf(underWay) && content.equals(contentOf(underWay));
      if (!isAcknowledged && !isUnderWay) wrong.push(`${name}: not the content of version ${version ?? underWay}`);
    }
    return wrong;
  }
}

function nameOf(version: number): string {
  return `file-${version % FILES}`;
}

/** Another length and other bytes for each version. */
function contentOf(version: number): Buffer {
  const word = createHash("sha256").update(`version ${version}`).digest();
  const lengthBytes = 1 + (word.readUInt32LE(0) % FILE_BYTES_MAX);
  return Buffer.alloc(lengthBytes, word);
}
