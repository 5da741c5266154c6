import type { DiskFault } from "../../world.ts";
import { ContainerError } from "../container-error.ts";
import { type DiskEvents, EVENT_HEADER, type FaultEffects } from "./disk-event.ts";
import type { DiskState } from "./disk-state.ts";
import type { DiskSpec } from "./fault-disk.ts";
import { decodeLook, type Look } from "./look.ts";

const CALL_MS_MAX = 10_000;

export interface InjectedDiskFault {
  readonly faultId: number;
  /** What it did at once: only decay at rest does. */
  readonly effects: FaultEffects;
}

/** The control API of a fault disk, every call bounded. All of them throw ContainerError FAULT_DISK. */
export class FaultDiskClient {
  readonly url: string;

  /** @param url as in `http://127.0.0.1:8080` */
  constructor(url: string) {
    this.url = url;
  }

  /** Makes a disk full of zeros. @returns the port of the NBD server of its group */
  async create(spec: DiskSpec): Promise<number> {
    return ((await this.#json("POST", "/v1/disks", spec)) as { readonly port: number }).port;
  }

  /** Forgets every disk. */
  async reset(): Promise<void> {
    await this.#json("POST", "/v1/reset");
  }

  async inject(disk: string, fault: DiskFault): Promise<InjectedDiskFault> {
    return (await this.#json("POST", `${pathOf(disk)}/faults`, fault)) as InjectedDiskFault;
  }

  /** Idempotent. @returns what it did in all */
  async heal(disk: string, faultId: number): Promise<FaultEffects> {
    return (await this.#json("DELETE", `${pathOf(disk)}/faults/${faultId}`)) as FaultEffects;
  }

  async effects(disk: string, faultId: number): Promise<FaultEffects> {
    return (await this.#json("GET", `${pathOf(disk)}/faults/${faultId}`)) as FaultEffects;
  }

  /**
   * The power of all disks of the group is gone in one moment; nothing is answered any more. Kill the
   * program, then {@link powerOff} or {@link powerOn}.
   */
  async losePower(group: string): Promise<void> {
    await this.#json("POST", `/v1/groups/${encodeURIComponent(group)}/power-loss`);
  }

  /** As {@link losePower}, if it was not lost before, and drops every connection of the group. */
  async powerOff(group: string): Promise<void> {
    await this.#json("POST", `/v1/groups/${encodeURIComponent(group)}/power-off`);
  }

  /** Drops what is left of connections and serves the group's disks, as the power loss left them, at the same port. */
  async powerOn(group: string): Promise<void> {
    await this.#json("POST", `/v1/groups/${encodeURIComponent(group)}/power-on`);
  }

  async state(disk: string): Promise<DiskState> {
    return (await this.#json("GET", pathOf(disk))) as DiskState;
  }

  /**
   * Whole sectors, at most 16 MiB.
   *
   * @param version `visible`: what reads see; `durable`: what the worst power loss would leave; `pristine`: what
   *   there would be had the disk done what it acknowledged
   * @returns the bytes, and the number of the last event that they have in them
   */
  async content(
    disk: string,
    offsetBytes: number,
    lengthBytes: number,
    version: "visible" | "durable" | "pristine" = "visible",
  ): Promise<{ readonly bytes: Uint8Array; readonly event: number }> {
    const query = `offsetBytes=${offsetBytes}&lengthBytes=${lengthBytes}&version=${version}`;
    return this.#call("GET", `${pathOf(disk)}/content?${query}`, async (response) => ({
      bytes: await response.bytes(),
      event: Number(response.headers.get(EVENT_HEADER)),
    }));
  }

  /** What happened to all disks after the event `after`, as of one moment. */
  async look(after: number): Promise<Look> {
    return this.#call("GET", `/v1/look?after=${after}`, async (response) => decodeLook(await response.bytes()));
  }

  /** The events after `after`; waits up to `waitMs` (30 s at most) for the first. */
  async events(after: number, waitMs: number, signal?: AbortSignal): Promise<DiskEvents> {
    const path = `/v1/events?after=${after}&waitMs=${waitMs}`;
    const read = async (response: Response): Promise<DiskEvents> => (await response.json()) as DiskEvents;
    return this.#call("GET", path, read, { limitMs: CALL_MS_MAX + waitMs, signal });
  }

  #json(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#call(method, path, (response) => response.json(), { body });
  }

  /** @param read takes what it needs of an answer that is no error */
  async #call<T>(
    method: string,
    path: string,
    read: (response: Response) => Promise<T>,
    { body, limitMs = CALL_MS_MAX, signal }: CallOptions = {},
  ): Promise<T> {
    const bound = AbortSignal.timeout(limitMs);
    const place = `fault disk, ${method} ${path}`;
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        signal: signal === undefined ? bound : AbortSignal.any([bound, signal]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.ok) return await read(response);
      const { message } = (await response.json().catch(() => ({ message: "" }))) as { readonly message: string };
      throw faultDiskError(place, `status ${response.status}: ${message}`, "the fault disk to do it");
    } catch (error) {
      if (error instanceof ContainerError) throw error;
      const found = bound.aborted ? `no whole answer within ${limitMs} ms` : String((error as Error).cause ?? error);
      throw faultDiskError(place, found, "an answer", error);
    }
  }
}

interface CallOptions {
  readonly body?: unknown;
  readonly limitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const pathOf = (disk: string): string => `/v1/disks/${encodeURIComponent(disk)}`;

function faultDiskError(place: string, found: string, expected: string, cause?: unknown): ContainerError {
  const remedy = "docker logs of the fault disk's container say more";
  return new ContainerError("FAULT_DISK", { place, found, expected, remedy }, cause);
}
