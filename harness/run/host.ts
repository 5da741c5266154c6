import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { Checker } from "../check/checker.ts";
import { hashBytes, hashText } from "../history/rolling-hash.ts";
import { type HostDevice, HostError, type HostErrorCode } from "../target/target.ts";
import type { HostRequestKind, HostStation, RunSystem } from "../world/run-world.ts";
import { type HeldRange, RangeLocks } from "./range-locks.ts";
import { stampedSectors } from "./stamp.ts";

/** How a host request ended. `why` is empty for one that was done. */
export interface HostOutcome {
  readonly code: "DONE" | HostErrorCode;
  readonly why: string;
}

export interface HostParts {
  readonly station: HostStation;
  readonly checker: Checker;
  readonly system: RunSystem;
  readonly volume: string;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  /** The program answered with something that is no HostError. */
  readonly onTargetFault: (error: unknown) => void;
  /** A request is made; what it returns is called at its end. */
  readonly onRequest: (isWrite: boolean) => ((isDone: boolean) => void) | undefined;
  /** A write, trim or write of zeroes goes to the system now. */
  readonly onIssued: (offsetBytes: number, lengthBytes: number) => void;
  /** Draws the numbers of writes: one row for all hosts of a run. */
  readonly nextSequence: () => number;
}

const DONE: HostOutcome = { code: "DONE", why: "" };
/** After a refusal a host waits this long before it asks again. */
const RETRY_NS = 5 * NS_PER_MS;

/** The host of one volume: a machine of its own, which outlives the storage system that it uses. */
export class Host {
  readonly volume: string;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  readonly system: RunSystem;
  /** Writes that reached the target so far, and those acknowledged. */
  issuedWrites = 0;
  acknowledgedWrites = 0;
  readonly #parts: HostParts;
  readonly #key: string;
  readonly #tag: number;
  readonly #locks = new RangeLocks();
  readonly #onWritten: (() => void)[] = [];

  constructor(parts: HostParts) {
    this.volume = parts.volume;
    this.sizeBytes = parts.sizeBytes;
    this.trackBytes = parts.trackBytes;
    this.system = parts.system;
    this.#parts = parts;
    this.#key = `${parts.system.name}/${parts.volume}`;
    this.#tag = hashText(parts.volume);
  }

  /** Called after every change of {@link issuedWrites} and {@link acknowledgedWrites}. */
  onWritten(callback: () => void): void {
    this.#onWritten.push(callback);
  }

  /** Waits in the host's own time. */
  sleep(delayNs: number): Promise<void> {
    return this.#parts.station.sleep(delayNs);
  }

  /** After a request that failed: settles when another may go better. */
  async recover(outcome: HostOutcome): Promise<void> {
    if (this.system.serving === undefined) await this.system.whenServing();
    else if (outcome.code === "REFUSED") await this.sleep(RETRY_NS);
  }

  /** A write of stamped sectors. */
  writeStamped(offsetBytes: number, lengthBytes: number, fua: boolean): Promise<HostOutcome> {
    const data = stampedSectors(this.#tag, offsetBytes, lengthBytes, this.#parts.nextSequence());
    return this.write(offsetBytes, data, fua);
  }

  /** A write of given bytes, which must not change until it ends. */
  write(offsetBytes: number, data: Uint8Array, fua: boolean): Promise<HostOutcome> {
    return this.#locked(offsetBytes, data.length, (range) =>
      this.#request(
        range,
        "write",
        offsetBytes,
        data.length,
        () => this.#parts.checker.write({ host: this.volume, volume: this.#key, offsetBytes, data, fua }),
        (device) => device.write(offsetBytes, data, { fua }),
        true,
      ),
    );
  }

  trim(offsetBytes: number, lengthBytes: number): Promise<HostOutcome> {
    const asked = { host: this.volume, volume: this.#key, offsetBytes, lengthBytes };
    return this.#locked(offsetBytes, lengthBytes, (range) =>
      this.#request(
        range,
        "trim",
        offsetBytes,
        lengthBytes,
        () => this.#parts.checker.trim(asked),
        (device) => device.trim(offsetBytes, lengthBytes),
        true,
      ),
    );
  }

  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<HostOutcome> {
    const asked = { host: this.volume, volume: this.#key, offsetBytes, lengthBytes };
    return this.#locked(offsetBytes, lengthBytes, (range) =>
      this.#request(
        range,
        "zeroes",
        offsetBytes,
        lengthBytes,
        () => this.#parts.checker.writeZeroes(asked),
        (device) => device.writeZeroes(offsetBytes, lengthBytes),
        true,
      ),
    );
  }

  /** @param onData is given what was read, before the promise settles */
  read(offsetBytes: number, lengthBytes: number, onData?: (data: Uint8Array) => void): Promise<HostOutcome> {
    const asked = { host: this.volume, volume: this.#key, offsetBytes, lengthBytes };
    return this.#locked(offsetBytes, lengthBytes, (range) =>
      this.#request(
        range,
        "read",
        offsetBytes,
        lengthBytes,
        () => this.#parts.checker.read(asked),
        (device) => device.read(offsetBytes, lengthBytes),
        false,
        onData,
      ),
    );
  }

  flush(): Promise<HostOutcome> {
    return this.#request(
      undefined,
      "flush",
      0,
      0,
      () => this.#parts.checker.flush({ host: this.volume, volume: this.#key }),
      (device) => device.flush(),
      false,
    );
  }

  /** Two requests of this host that overlap are never in flight at once. */
  #locked(
    offsetBytes: number,
    lengthBytes: number,
    body: (range: HeldRange) => Promise<HostOutcome>,
  ): Promise<HostOutcome> {
    const free = this.#locks.tryAcquire(offsetBytes, lengthBytes);
    return free === undefined ? this.#locks.acquire(offsetBytes, lengthBytes).then(body) : body(free);
  }

  /** @param range what is held for it, and given back when it ends */
  #request(
    range: HeldRange | undefined,
    kind: HostRequestKind,
    offsetBytes: number,
    lengthBytes: number,
    register: () => number,
    call: (device: HostDevice) => Promise<Uint8Array | void>,
    isWrite: boolean,
    onData?: (data: Uint8Array) => void,
  ): Promise<HostOutcome> {
    const { system, station, checker, volume } = this.#parts;
    const { serving: program } = system;
    const onEnd = this.#parts.onRequest(isWrite);
    if (program === undefined) {
      if (range !== undefined) this.#locks.release(range);
      onEnd?.(false);
      return Promise.resolve({ code: "REFUSED", why: `REFUSED: system ${system.name} is down` });
    }
    return new Promise((resolve) => {
      const operation = register();
      let open = true;
      const end = (outcome: HostOutcome, content: number): void => {
        open = false;
        forget();
        onEnd?.(outcome === DONE);
        station.ended(outcome === DONE, operation, content);
        if (outcome !== DONE) checker.failed(operation, outcome.code === "DONE" ? "EIO" : outcome.code);
        if (range !== undefined) this.#locks.release(range);
        resolve(outcome);
      };
      const forget = system.onDown(() => {
        if (open) end({ code: "GONE", why: `system ${system.name} died` }, 0);
      });
      const answered = (data: Uint8Array | void): void => {
        if (!open) return;
        if (data === undefined) checker.acknowledged(operation);
        else {
          checker.readDone(operation, data);
          onData?.(data);
        }
        end(DONE, data === undefined ? 0 : hashBytes(data));
        if (!isWrite) return;
        this.acknowledgedWrites++;
        for (const callback of this.#onWritten) callback();
      };
      const refused = (error: unknown): void => {
        if (!open) return;
        if (error instanceof HostError) end({ code: error.code, why: error.message }, hashText(error.code));
        else {
          end({ code: "EIO", why: String(error) }, 0);
          this.#parts.onTargetFault(error);
        }
      };
      station.send(kind, offsetBytes, lengthBytes, () => {
        try {
          call(program.device(volume)).then(answered, refused);
        } catch (error) {
          refused(error);
        }
      });
      if (!isWrite) return;
      this.issuedWrites++;
      this.#parts.onIssued(offsetBytes, lengthBytes);
      for (const callback of this.#onWritten) callback();
    });
  }
}
