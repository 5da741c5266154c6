import { hashBytes } from "../history/rolling-hash.ts";
import { HostError, type ImageReport } from "../target/target.ts";
import type { RunWorld } from "../world/run-world.ts";
import type { HostOutcome } from "./host.ts";

const CHUNK_BYTES = 64 * 1024;

/** A piece of an image, as its system gave it. */
export interface ImagePiece {
  readonly volume: string;
  /** Which image it is of. */
  readonly moment: number;
  readonly offsetBytes: number;
  readonly data: Uint8Array;
}

/**
 * Reads the whole image of a volume, piece by piece; what was given goes to `onPiece`.
 *
 * @returns REFUSED if there is no image, or if it was released or fixed anew while it was read: then what came is no
 * one moment. GONE if the system died.
 */
export async function readImage(
  world: RunWorld,
  volume: string,
  onPiece: (piece: ImagePiece) => void,
): Promise<HostOutcome> {
  const system = world.systemOfVolume(volume);
  const { serving } = system;
  if (serving === undefined) return { code: "REFUSED", why: `system ${system.name} does not serve` };
  const reportNow = (): ImageReport | undefined => serving.images().find((image) => image.volume === volume);
  const { sizeBytes } = world.view(volume);
  const moment = reportNow()?.moment ?? 0;
  for (let offsetBytes = 0; offsetBytes < sizeBytes; offsetBytes += CHUNK_BYTES) {
    const lengthBytes = Math.min(CHUNK_BYTES, sizeBytes - offsetBytes);
    const answer = await new Promise<Uint8Array | HostOutcome>((resolve, reject) => {
      const forget = system.onDown(() => resolve({ code: "GONE", why: `system ${system.name} died` }));
      const failed = (error: unknown): void => {
        forget();
        if (error instanceof HostError) resolve({ code: error.code, why: error.message });
        else reject(error);
      };
      system.request("read image", () => {
        try {
          serving
            .image(volume)
            .read(offsetBytes, lengthBytes)
            .then((data) => {
              forget();
              resolve(data);
            }, failed);
        } catch (error) {
          failed(error);
        }
      });
    });
    if (!(answer instanceof Uint8Array)) return answer;
    const report = reportNow();
    if (report?.moment !== moment || report.state !== "fixed")
      return { code: "REFUSED", why: `the image of ${volume} did not last until it was read` };
    system.note("host.image", offsetBytes, lengthBytes, hashBytes(answer));
    onPiece({ volume, moment, offsetBytes, data: answer });
  }
  return { code: "DONE", why: "" };
}
