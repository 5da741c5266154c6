import { z } from "zod";
import { CAPABILITY_NAMES } from "./capability.ts";

const LINK_PORTS_MAX = 8;
const FILES_MAX = 64;

/** A manifest: what an outside target is, and how its nodes are run. */
export const targetManifestSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, "small letters, digits and hyphens"),
    description: z.string().min(1).max(400).describe("what the engine is, in a sentence"),
    image: z.string().min(1).describe("of the container of each node; it is not pulled"),
    command: z.array(z.string()).min(1).exactOptional().describe("instead of the image's own"),
    files: z
      .record(z.string().startsWith("/"), z.string())
      .default({})
      .refine((files) => Object.keys(files).length <= FILES_MAX, `at most ${FILES_MAX} files`)
      .describe("path in the container → path of a file, from the folder of the manifest"),
    settings: z.record(z.string(), z.string()).default({}).describe("handed to each node as they are"),
    linuxCapabilities: z
      .array(z.string().regex(/^[A-Z][A-Z_]+$/, "as in SYS_ADMIN"))
      .default([])
      .describe("what the containers of its nodes may do beside what containers may"),
    linkPorts: z.int().min(1).max(LINK_PORTS_MAX).default(1).describe("ports that the engine needs on each link"),
    capabilities: z.array(z.enum(CAPABILITY_NAMES)).describe("what it can do"),
    readySeconds: z.int().min(1).max(300).default(30).describe("a start that takes longer has failed"),
  })
  .meta({ id: "TargetManifest" });

/** What a manifest says. */
export type TargetManifest = z.infer<typeof targetManifestSchema>;

/** JSON Schema, draft 2020-12, of a manifest as it is written. */
export function targetManifestJsonSchema(): unknown {
  return z.toJSONSchema(targetManifestSchema, { io: "input" });
}
