import {
  type NbdContext,
  type NbdExport,
  NbdExportError,
  type NbdWriteOptions,
} from "../../../../engine/node/nbd/nbd-export.ts";
import type { Random } from "../../../../engine/ports/index.ts";
import type { DiskFaultSpec } from "../../sim/disk/disk-fault.ts";
import { type FaultDecision, FaultyMedium } from "../../sim/disk/faulty-medium.ts";
import type { InjectedFault } from "../../sim/disk/injected-fault.ts";
import type { Medium } from "../../sim/disk/medium.ts";
import type { RequestKind } from "../../sim/disk/request.ts";
import type { DiskEvent } from "./disk-event.ts";

export interface ServedDiskParts {
  readonly name: string;
  readonly sizeBytes: number;
  readonly cacheBytes: number;
  /** The disk's own stream. */
  readonly random: Random;
  readonly onEvent: (event: Omit<DiskEvent, "n">) => void;
  /** A torn write takes the power of everything that shares this disk's. Called in the middle of the write. */
  readonly onTorn: () => void;
}

/** A request that a fault holds up. */
interface Waiting {
  readonly kind: RequestKind;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly data: Uint8Array | undefined;
  readonly decision: FaultDecision | undefined;
  /** The power is gone: the request is over. */
  readonly lose: () => void;
}

/**
 * The disk of the simulated world as an NBD export in real time: the same medium, the same faults. It
 * takes no time for a request that no fault holds up, so only such a one can be under way when power
 * is lost. It knows nothing of clients: one that dies takes nothing with it.
 *
 * Without power it answers nothing at all, so that a program that is about to be killed for it learns
 * nothing that a machine without power could.
 */
export class ServedDisk implements NbdExport {
  readonly name: string;
  readonly sizeBytes: number;
  readonly readOnly = false;
  readonly canMultiConn = true;
  readonly hasFastZeroes = true;
  readonly contexts: readonly NbdContext[] = [];
  readonly #faulty: FaultyMedium;
  readonly #onEvent: ServedDiskParts["onEvent"];
  readonly #onTorn: () => void;
  readonly #faults = new Map<number, InjectedFault>();
  readonly #waiting = new Set<Waiting>();
  /** Ends of requests that will not be answered. */
  readonly #unanswered: (() => void)[] = [];
  #powered = true;
  #powerLosses = 0;

  constructor({ name, sizeBytes, cacheBytes, random, onEvent, onTorn }: ServedDiskParts) {
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.#faulty = new FaultyMedium(name, sizeBytes, cacheBytes, random);
    this.#onEvent = onEvent;
    this.#onTorn = onTorn;
    this.medium.onChange(({ reason, ...change }) => onEvent({ disk: name, event: reason, ...change }));
  }

  /** What it holds, to be looked at. */
  get medium(): Medium {
    return this.#faulty.medium;
  }

  /** @throws DiskFaultError */
  inject(spec: DiskFaultSpec): InjectedFault {
    const fault = this.#faulty.inject(spec);
    const { faultId } = fault;
    this.#faults.set(faultId, fault);
    fault.onEffect(() => {
      const effects = fault.effects();
      this.#onEvent({ disk: this.name, event: "acted", offsetBytes: 0, lengthBytes: 0, faultId, effects });
      if (spec.kind === "torn-write") this.#onTorn();
    });
    return fault;
  }

  /** Healed ones as well: what they did may still be asked. */
  fault(faultId: number): InjectedFault | undefined {
    return this.#faults.get(faultId);
  }

  /** Of what was not flushed every sector is kept or lost, by the seed; nothing is answered from now on. */
  losePower(): void {
    this.#powered = false;
    this.#powerLosses++;
    const gone = [...this.#waiting];
    this.#waiting.clear();
    this.medium.powerLoss("random", () => {
      for (const { kind, offsetBytes, lengthBytes, data, decision } of gone)
        if (kind === "write" || kind === "trim") this.#faulty.arrive(offsetBytes, lengthBytes, data, decision);
    });
    for (const { lose } of gone) lose();
  }

  /** Ends every request that was not answered; their clients are gone. */
  forgetUnanswered(): void {
    for (const end of this.#unanswered.splice(0)) end();
  }

  restorePower(): void {
    this.forgetUnanswered();
    this.#powered = true;
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#serve("read", offsetBytes, lengthBytes, undefined, (decision) =>
      this.#faulty.read(offsetBytes, lengthBytes, decision),
    );
  }

  write(offsetBytes: number, bytes: Uint8Array, { fua }: NbdWriteOptions): Promise<void> {
    // What the server gives is a Buffer, whose `slice` is no copy: the medium relies on one.
    const data = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    return this.#serve("write", offsetBytes, data.length, data, (decision) =>
      this.#faulty.write(offsetBytes, data, fua, decision),
    );
  }

  flush(): Promise<void> {
    const mark = this.medium.flushMark();
    this.#onEvent({ disk: this.name, event: "flush", offsetBytes: 0, lengthBytes: 0 });
    return this.#serve("flush", 0, 0, undefined, (decision) => this.#faulty.flush(mark, decision));
  }

  trim(offsetBytes: number, lengthBytes: number, { fua }: NbdWriteOptions): Promise<void> {
    return this.#serve("trim", offsetBytes, lengthBytes, undefined, (decision) => {
      this.#faulty.trim(offsetBytes, lengthBytes, decision);
      if (fua) this.medium.settle(offsetBytes, lengthBytes);
    });
  }

  /** As a trim, which zeroes here: it is what the engine's `trim` becomes on the way. */
  writeZeroes(offsetBytes: number, lengthBytes: number, options: NbdWriteOptions): Promise<void> {
    return this.trim(offsetBytes, lengthBytes, options);
  }

  async #serve<T>(
    kind: RequestKind,
    offsetBytes: number,
    lengthBytes: number,
    data: Uint8Array | undefined,
    apply: (decision: FaultDecision | undefined) => T,
  ): Promise<T> {
    if (!this.#powered) await this.#silence();
    const decision = this.#faulty.decide({ kind, offsetBytes, lengthBytes });
    const powerLosses = this.#powerLosses;
    const stall = decision?.stall;
    if (stall !== undefined) await this.#stalled({ kind, offsetBytes, lengthBytes, data, decision }, stall);
    let result: T;
    if (this.#powerLosses !== powerLosses) await this.#silence();
    try {
      result = apply(decision);
    } finally {
      // Whoever watches a fault may have cut the power in the middle of it.
      if (this.#powerLosses !== powerLosses) await this.#silence();
    }
    return result;
  }

  /** Settles when the fault lets go of the request, or the power is lost. */
  #stalled(request: Omit<Waiting, "lose">, fault: InjectedFault): Promise<void> {
    return new Promise((resolve) => {
      const waiting: Waiting = { ...request, lose: resolve };
      const go = (): void => {
        if (this.#waiting.delete(waiting)) resolve();
      };
      this.#waiting.add(waiting);
      const { spec } = fault;
      if (spec.kind === "stall" && spec.durationNs !== undefined) setTimeout(go, spec.durationNs / 1_000_000);
      else fault.onHeal(go);
      fault.acted(0);
      fault.announce();
    });
  }

  /** Never answers: it fails when nobody can hear it any more. */
  #silence(): Promise<never> {
    return new Promise((_, reject) => {
      this.#unanswered.push(() => reject(new NbdExportError("EIO", `disk ${this.name} has no power`)));
    });
  }
}
