import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { type BadSector, blameSectors, describeVersion } from "./blame.ts";
import type { Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { hashSectors } from "./sector-hash.ts";
import type { Unacknowledged } from "./unacknowledged.ts";
import { NO_VERSION } from "./versions.ts";

/**
 * What a host may read: per sector, the last write acknowledged before the read was issued, or
 * any that was under way since, or one that nobody knows the end of.
 */
export class HostReads {
  readonly #model: Model;
  readonly #unacknowledged: Unacknowledged;

  constructor(model: Model, unacknowledged: Unacknowledged) {
    this.#model = model;
    this.#unacknowledged = unacknowledged;
  }

  done(read: Operation, data: Uint8Array): void {
    if (data.length !== read.sectorCount * SECTOR_BYTES) {
      this.#fail("V", read, `read ${data.length} bytes instead of ${read.sectorCount * SECTOR_BYTES}`, []);
      return;
    }
    const disk = this.#model.diskAt(read.disk);
    const { versions } = disk;
    const hashes = new Float64Array(read.sectorCount);
    hashSectors(data, hashes);
    const invalid: BadSector[] = [];
    const old: BadSector[] = [];
    const again: BadSector[] = [];
    const before = (operation: Operation): boolean => operation.endedAt < read.issuedAt;
    for (let index = 0; index < read.sectorCount; index++) {
      const sector = read.firstSector + index;
      const found = hashes[index] as number;
      const wanted = versions.newestRequired(sector, disk.bit, before);
      if (wanted !== NO_VERSION && !versions.covers(sector, found, wanted)) {
        const bad = { sector, found, expected: `${describeVersion(disk, wanted)}, or newer` };
        (versions.newest(sector, found) === NO_VERSION ? invalid : old).push(bad);
      } else if (wanted === NO_VERSION && versions.newest(sector, found) === NO_VERSION) {
        invalid.push({ sector, found, expected: "what a host wrote there" });
      }
      if (found === disk.hash.get(sector)) disk.remains.delete(sector);
      const bad = this.#unacknowledged.seen(disk, sector, found, read);
      if (bad !== undefined) again.push(bad);
    }
    this.#model.findings.count("V");
    this.#model.findings.count("A");
    if (invalid.length > 0) this.#fail("V", read, "a read gave what no host wrote there", invalid);
    if (old.length > 0) this.#fail("A", read, "a read did not give the last acknowledged write", old);
    if (again.length > 0) this.#unacknowledged.report(disk, again);
  }

  #fail(rule: "V" | "A", read: Operation, message: string, bad: readonly BadSector[]): void {
    const disk = this.#model.diskAt(read.disk);
    const { findings, incidents } = this.#model;
    findings.fail(rule, disk.volume, `${message} (${bad.length} sectors)`, () => blameSectors(disk, bad, incidents));
  }
}
