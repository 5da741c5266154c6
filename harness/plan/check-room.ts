import { imageAreaBytesMin, logBytesMin } from "../../engine/controller/index.ts";
import { known } from "./check-topology.ts";
import { PlanError } from "./plan-error.ts";
import type { Topology } from "./topology.ts";

/**
 * The logs of journals and the areas of images have room for what the engine keeps there, at least: without,
 * no system would start. @throws PlanError
 */
export function checkRoom(topology: Topology): void {
  topology.systems.forEach((system, index) => {
    const volumes = new Map(system.volumes.map((volume) => [volume.name, volume]));
    const require = (place: string, name: string, neededBytes: number, use: string): void => {
      const path = `topology.systems[${index}].${place}`;
      const { sizeBytes } = known(volumes, name, path, "volume");
      if (sizeBytes < neededBytes) throw new PlanError(path, `${sizeBytes} bytes`, `${neededBytes} bytes, for ${use}`);
    };
    const { images = [], journals = [] } = system;
    journals.forEach(({ volume, log }, at) => {
      const found = known(volumes, volume, `topology.systems[${index}].journals[${at}].volume`, "volume");
      require(`journals[${at}].log`, log, logBytesMin(found), `the log of ${volume}`);
    });
    images.forEach(({ volume, method, area }, at) => {
      if (method === "lsn" || area === undefined) return;
      const found = known(volumes, volume, `topology.systems[${index}].images[${at}].volume`, "volume");
      require(`images[${at}].area`, area, imageAreaBytesMin(method, found), `the image of ${volume}`);
    });
  });
}
