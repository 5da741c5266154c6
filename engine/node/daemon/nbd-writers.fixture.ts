import type { NbdClient } from "../nbd/client.ts";

const SECTOR_BYTES = 512;

/** What may be in a sector: the number of the last write that was acknowledged, or of one that nobody knows about. */
interface Expected {
  acknowledged: number;
  underWay: number;
}

/**
 * Hosts that write numbered sectors without end, each to sectors of its own, until the connection is lost; and what they
 * must find afterwards.
 */
export class NbdWriters {
  /** Writes that were acknowledged so far. */
  acknowledged = 0;
  readonly #sectors: Expected[];
  #writes = 0;

  constructor(sectorCount: number) {
    this.#sectors = Array.from({ length: sectorCount }, () => ({ acknowledged: 0, underWay: 0 }));
  }

  /** Settles when every writer has lost its connection. */
  async write(client: NbdClient, writers: number, onAcknowledged: (count: number) => void): Promise<void> {
    await Promise.all(
      Array.from({ length: writers }, (_, writer) => this.#write(client, writer, writers, onAcknowledged)),
    );
  }

  async #write(client: NbdClient, writer: number, writers: number, told: (count: number) => void): Promise<void> {
    const rows = Math.floor(this.#sectors.length / writers);
    for (let round = 0; ; round++) {
      const index = writer + writers * ((round * 37) % rows);
      const sector = this.#sectors[index] as Expected;
      sector.underWay = ++this.#writes;
      try {
        await client.write(index * SECTOR_BYTES, stamped(index, sector.underWay), { fua: round % 5 === 0 });
      } catch {
        return;
      }
      sector.acknowledged = sector.underWay;
      told(++this.acknowledged);
    }
  }

  /** The sectors of which `content` holds what it must not. What it holds is what is known from now on. */
  wrong(content: Uint8Array): readonly string[] {
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    return this.#sectors.flatMap((sector, index) => {
      const { acknowledged, underWay } = sector;
      const found = view.getUint32(index * SECTOR_BYTES, true);
      const whole = stampedAs(content.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES), index, found);
      sector.acknowledged = found;
      sector.underWay = found;
      if (whole && (found === acknowledged || found === underWay)) return [];
      return [`sector ${index}: found ${found}${whole ? "" : ", torn"}, expected ${acknowledged} or ${underWay}`];
    });
  }
}

function stamped(index: number, number: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES, number % 251);
  sector.writeUInt32LE(number, 0);
  sector.writeUInt32LE(index, 4);
  return sector;
}

function stampedAs(sector: Uint8Array, index: number, number: number): boolean {
  return number === 0 ? sector.every((byte) => byte === 0) : Buffer.compare(sector, stamped(index, number)) === 0;
}
