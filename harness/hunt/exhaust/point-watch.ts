import { FRAME_HEADER_BYTES } from "../../../engine/controller/index.ts";
import type { Plan } from "../../plan/plan.ts";
import { disksIn } from "../../plan/system-disks.ts";
import type { RunObserver } from "../../run/run-observer.ts";
import { hashBytes } from "../../history/rolling-hash.ts";
import { sameBytes } from "../../world/sim/disk/index.ts";
import type { RunWorld, SentBytes } from "../../world/run-world.ts";
import type { PointMoment } from "../crash-point.ts";
import { objectsOf } from "./objects.ts";
import { type TornBounds, type TornMoment, tornMoment } from "./torn-subsets.ts";
import type { UnflushedDisk } from "./torn-parts.ts";

/** A moment at which something can strike, as a run came to it. */
export interface SeenPoint {
  /** Whose program acts. */
  readonly system: string;
  readonly at: PointMoment;
  /** `read`, `write`, `trim`, `flush`; `header` or `frame`, for one without and with a payload. */
  readonly action: string;
  /** The step that its program logged last; "" before the first. */
  readonly step: string;
  /** Of one at a frame: its length, and what the system sent before it that had not come to the link by then. */
  readonly frame?: { readonly lengthBytes: number; readonly aheadBytes: number };
  /** If asked for: what a loss of power could leave. */
  readonly torn?: TornMoment;
}

/** What kind of moment a point is: those of one kind meet the program at the same work. */
export function pointClass({ system, at, action, step }: SeenPoint): string {
  return `${system} ${at.kind === "sent" ? at.link : at.disk} ${action} after ${step}`;
}

/** Sees every request that programs issue to disks, and every frame that they send. */
export class PointWatch implements RunObserver {
  readonly #plan: Plan;
  readonly #bounds: TornBounds | undefined;
  readonly #steps = new Map<string, string>();
  readonly #contents = new ContentIds();
  /** By disk: when each write or trim began. */
  readonly #began = new Map<string, number[]>();
  #beganCount = 0;
  /** In the order in which they came. */
  readonly points: SeenPoint[] = [];

  /** @param bounds what power may leave is worked out; not without */
  constructor(plan: Plan, bounds?: TornBounds) {
    this.#plan = plan;
    this.#bounds = bounds;
  }

  begin(world: RunWorld): void {
    for (const config of this.#plan.topology.systems) {
      const { name: system } = config;
      const disks = disksIn(config);
      const isOfSystem = new Map(disks.map((disk) => [disk, objectsOf(this.#plan.topology, disk)]));
      const seen = (point: Omit<SeenPoint, "system" | "step" | "torn">): void => {
        // No power is lost at a read: nothing more could be left than at the action before it or after it.
        const torn = point.action === "read" ? undefined : this.#tornOf(world, isOfSystem);
        const step = this.#steps.get(system) ?? "";
        this.points.push({ system, step, ...point, ...(torn === undefined ? {} : { torn }) });
      };
      for (const disk of disks) {
        let writes = 0;
        let reads = 0;
        world.onDiskRequest(disk, (action = "write") => {
          if (action === "write" || action === "trim") this.#begin(disk);
          if (action === "read") seen({ at: { kind: "disk-read", disk, nth: ++reads }, action });
          else seen({ at: { kind: "disk-write", disk, nth: ++writes }, action });
        });
      }
      const latest = new Map<string, SentBytes>();
      const counts = new Map<string, number>();
      world.system(system).onSent((link, sent) => {
        const nth = (counts.get(link) ?? 0) + 1;
        counts.set(link, nth);
        const { lengthBytes, connection } = sent;
        const before = latest.get(link);
        latest.set(link, sent);
        const aheadBytes = before?.connection === connection ? before.underwayBytes : 0;
        const action = lengthBytes > FRAME_HEADER_BYTES ? "frame" : "header";
        seen({ at: { kind: "sent", link, nth }, action, frame: { lengthBytes, aheadBytes } });
      });
    }
  }

  step(system: string, name: string): void {
    this.#steps.set(system, name);
  }

  struck(): void {}

  #begin(disk: string): void {
    const began = this.#began.get(disk);
    if (began === undefined) this.#began.set(disk, [this.#beganCount]);
    else began.push(this.#beganCount);
    this.#beganCount++;
  }

  #tornOf(world: RunWorld, disks: ReadonlyMap<string, UnflushedDisk["objectOf"]>): TornMoment | undefined {
    if (this.#bounds === undefined) return undefined;
    const unflushed = [...disks].map(([disk, objectOf]): UnflushedDisk => {
      const began = this.#began.get(disk) ?? [];
      return {
        disk,
        sectors: world.unflushed(disk, (bytes) => this.#contents.idOf(bytes)),
        objectOf,
        beganAt: (latest) => began[began.length - latest] ?? -1,
      };
    });
    return tornMoment(unflushed, this.#bounds);
  }
}

/** Numbers for contents, the same only for the same. */
class ContentIds {
  readonly #byHash = new Map<number, { readonly bytes: Uint8Array; readonly id: number }[]>();
  #count = 0;

  idOf(bytes: Uint8Array): number {
    const hash = hashBytes(bytes);
    const alike = this.#byHash.get(hash) ?? [];
    const before = alike.find((one) => sameBytes(one.bytes, bytes));
    if (before !== undefined) return before.id;
    const id = this.#count++;
    alike.push({ bytes: bytes.slice(), id });
    this.#byHash.set(hash, alike);
    return id;
  }
}
