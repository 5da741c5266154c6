/** NBD for adapters of outside targets: bundled into one file, which `resilver init target` puts beside its template. */
export { NbdClient } from "../engine/node/nbd/client.ts";
export { fixedExports, NbdExportError } from "../engine/node/nbd/nbd-export.ts";
export { NbdServer } from "../engine/node/nbd/server.ts";
