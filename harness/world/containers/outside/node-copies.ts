import { HostError } from "../../../target/target.ts";
import { bytesView, differences, isZero } from "../../sim/disk/index.ts";
import type { StoredChange } from "../disk-store.ts";
import { type NbdPlace, RemoteDevice } from "../remote-device.ts";

/** A volume of a node. */
interface KeptVolume {
  /** `a/pvol`. */
  readonly name: string;
  /** The node. */
  readonly group: string;
  readonly sizeBytes: number;
}

/** By volume: what it holds. */
type Contents = ReadonlyMap<string, Buffer>;

const PIECE_BYTES = 4 * 1024 * 1024;

/** Two readings that agree are the exception while hosts write; a look is not to wait for their end. */
const READINGS_MAX = 12;
/** A node that was frozen while it was asked answers nothing. */
const READING_MS_MAX = 2000;

/**
 * What nodes hold that keep their volumes themselves, as they serve it: read over NBD, all volumes of all nodes.
 *
 * Nodes cannot be read at one moment. So they are read until two readings agree in every byte: what both found was so at the
 * moment between them, unless something changed and changed back, which a host's stamped writes never do. A node that is
 * down or paused cannot be read at all, and what was not read is not guessed.
 */
export class NodeCopies {
  readonly #volumes: readonly KeptVolume[];
  readonly #placeOf: (node: string) => NbdPlace;
  /** By volume: where it was read last, which is another port after each start of its node. */
  readonly #devices = new Map<string, { readonly port: number; readonly device: RemoteDevice }>();
  #told: Contents;

  /** @param placeOf where a node that runs serves what it keeps */
  constructor(volumes: readonly KeptVolume[], placeOf: (node: string) => NbdPlace) {
    this.#volumes = volumes;
    this.#placeOf = placeOf;
    this.#told = new Map(volumes.map(({ name, sizeBytes }) => [name, Buffer.alloc(sizeBytes)]));
  }

  /**
   * What changed since the last look that saw something.
   *
   * @param isRunning of a node
   * @returns undefined if it could not be seen, or did not come to rest
   */
  async look(isRunning: (node: string) => boolean): Promise<readonly StoredChange[] | undefined> {
    const isReadable = (): boolean => this.#volumes.every(({ group }) => isRunning(group));
    let before: Contents | undefined;
    for (let reading = 0; reading < READINGS_MAX && isReadable(); reading++) {
      const now = await this.#read();
      if (now === undefined) return undefined;
      if (before !== undefined && isSame(before, now)) return this.#changesTo(now);
      before = now;
    }
    return undefined;
  }

  close(): void {
    for (const { device } of this.#devices.values()) device.close();
    this.#devices.clear();
  }

  async #read(): Promise<Contents | undefined> {
    const late = setTimeout(() => this.close(), READING_MS_MAX);
    try {
      const entries = this.#volumes.map(async (volume) => [volume.name, await this.#contentOf(volume)] as const);
      return new Map(await Promise.all(entries));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.close();
      return undefined;
    } finally {
      clearTimeout(late);
    }
  }

  async #contentOf(volume: KeptVolume): Promise<Buffer> {
    const device = this.#deviceOf(volume);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < volume.sizeBytes; at += PIECE_BYTES)
      pieces.push(await device.read(at, Math.min(PIECE_BYTES, volume.sizeBytes - at)));
    return Buffer.concat(pieces);
  }

  #deviceOf({ name, group, sizeBytes }: KeptVolume): RemoteDevice {
    const place = this.#placeOf(group);
    const known = this.#devices.get(name);
    if (known?.port === place.port) return known.device;
    known?.device.close();
    const device = new RemoteDevice(place, name.slice(group.length + 1), sizeBytes);
    this.#devices.set(name, { port: place.port, device });
    return device;
  }

  #changesTo(now: Contents): readonly StoredChange[] {
    const changes = this.#volumes.flatMap(({ name }) => {
      const [before, after] = [this.#told.get(name), now.get(name)];
      if (before === undefined || after === undefined) throw new Error(`copies: ${name} was not read`);
      const runs = differences(bytesView(before), bytesView(after), undefined, Number.POSITIVE_INFINITY);
      return runs.map(({ offsetBytes, lengthBytes }): StoredChange => {
        const data = after.subarray(offsetBytes, offsetBytes + lengthBytes);
        return { disk: name, offsetBytes, lengthBytes, reason: "write", data: isZero(data) ? undefined : data };
      });
    });
    this.#told = now;
    return changes;
  }
}

function isSame(one: Contents, other: Contents): boolean {
  return [...one].every(([name, content]) => other.get(name)?.equals(content) === true);
}
