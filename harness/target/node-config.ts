import { z } from "zod";

// What a node of an outside target is told before it starts.

const name = z.string().min(1);
const port = z.number().int().min(1).max(65_535);

const volume = z
  .object({
    name,
    disk: z
      .string()
      .exactOptional()
      .describe(
        "where volume-disk is declared: the disk of the volume, as an NBD URL. Byte n of the volume lies at byte n of it, and nothing else is on it. " +
          "It may be opened by one program only; what was not flushed is lost when the power is",
      ),
    sizeBytes: z.number().int().positive().describe("of the volume and of its disk; whole sectors of 512 bytes"),
    trackBytes: z.number().int().positive().describe("the granule in which tracks are counted"),
  })
  .meta({ id: "VolumeConfig" });

const link = z
  .object({
    name,
    peer: name.describe("the node at the other end"),
    role: z.enum(["dial", "listen"]).describe("connections are made by the end that dials"),
    host: z.string().describe("where to dial, or the address to listen on. It leads through a proxy that injects faults"),
    ports: z.array(port).min(1).describe("as many as the manifest asks for; all of them are cut and delayed together"),
  })
  .meta({ id: "LinkConfig" });

/** The file that a node finds at {@link NODE_CONFIG_PATH}, as JSON. */
export const nodeConfigSchema = z
  .object({
    name: name.describe("of the node; a scenario calls it a system"),
    volumes: z.array(volume),
    links: z.array(link),
    meta: z.object({ disk: z.string(), sizeBytes: z.number().int().positive() }).describe("a disk for its own tables"),
    control: z.object({ port }).describe("where it answers the protocol, on every address"),
    nbd: z.object({ port }).describe("where it serves hosts: an export for each volume, of the volume's name"),
    copies: z
      .object({ port })
      .exactOptional()
      .describe(
        "where volume-disk is not declared: where it serves an export for each volume, of the volume's name and size, " +
          "read-only: the bytes that this node keeps of it, asked of nobody else. Byte n of the volume is byte n of it",
      ),
    settings: z.record(z.string(), z.string()).describe("from the manifest: what the engine is to be like"),
  })
  .meta({ id: "NodeConfig" });

/** What a node is told. */
export type NodeConfig = z.infer<typeof nodeConfigSchema>;

/** Where a node finds its configuration, in its container. */
export const NODE_CONFIG_PATH = "/etc/resilver/node.json";
