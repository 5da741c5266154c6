import type { Topology } from "../plan/topology.ts";
import type { RunWorld } from "../world/run-world.ts";
import { type ImagePiece, readImage } from "./image-reader.ts";

/**
 * Reads every image that is fixed on a system that runs, whole.
 *
 * @returns why one could not be read, or ""; one that was fixed anew or released meanwhile counts as read
 */
export async function readImages(
  topology: Topology,
  world: RunWorld,
  onPiece: (piece: ImagePiece) => void,
): Promise<string> {
  for (const { name, images = [] } of topology.systems) {
    const system = world.system(name);
    for (const { volume } of images) {
      const reports = system.state === "running" ? (system.serving?.images() ?? []) : [];
      if (!reports.some((image) => image.volume === volume && image.state === "fixed")) continue;
      const { code, why } = await readImage(world, volume, onPiece);
      if (code === "EIO" || code === "ENOSPC") return `the image of ${volume} cannot be read: ${why}`;
    }
  }
  return "";
}
