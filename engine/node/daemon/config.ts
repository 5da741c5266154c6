import { z } from "zod";
import { IMAGE_METHODS } from "../../image/image-head.ts";
import { SECTOR_BYTES } from "../../ports/index.ts";

const UNITS = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
const TRACK_BYTES_DEFAULT = 8192;
const REGION_BYTES_DEFAULT = 4 * 1024 * 1024;
const REGION_BYTES_MAX = 1024 * 1024 * 1024;
const TRACK_BYTES_MAX = 1024 * 1024;

const name = z.string().regex(/^[^\s@/]{1,255}$/, "a name without blanks, @ and /");
const host = z.string().min(1);
const port = z.int().min(0).max(65_535).describe("0 takes any that is free");
const path = z.string().min(1).describe("relative to the folder of this file");

/** Bytes, as a number or as `64 MiB`. */
const size = z
  .union([z.int().positive(), z.string().regex(/^\d+ ?(?:KiB|MiB|GiB|TiB)$/, "a number of bytes, or one like 64 MiB")])
  .transform((given) => {
    if (typeof given === "number") return given;
    const unit = given.slice(-3) as keyof typeof UNITS;
    return Number.parseInt(given, 10) * UNITS[unit];
  })
  .refine((bytes) => Number.isSafeInteger(bytes) && bytes % SECTOR_BYTES === 0, "a multiple of 512")
  .describe("bytes, or a text like 64 MiB; a multiple of 512");

const disk = z
  .string()
  .regex(/^(?:file:.+|nbd:\/\/[^/\s]+:\d+(?:\/[^\s]*)?)$/, "file:PATH, or nbd://HOST:PORT/NAME")
  .describe("file:PATH of a file or a block device, or nbd://HOST:PORT/NAME");

const create = z
  .boolean()
  .default(false)
  .describe(
    "makes a file that is not there, full of zeros. Not for volumes that have data: a file system that is not mounted would pass for an empty volume",
  );

const volume = z.strictObject({
  name,
  disk,
  size,
  trackBytes: z
    .int()
    .refine((bytes) => bytes >= SECTOR_BYTES && bytes <= TRACK_BYTES_MAX && Number.isInteger(Math.log2(bytes)))
    .default(TRACK_BYTES_DEFAULT)
    .describe("the tracking granule: a power of two from 512 to 1048576; the same at both ends of a pair"),
  regionBytes: z
    .int()
    .refine((bytes) => bytes >= SECTOR_BYTES && bytes <= REGION_BYTES_MAX && Number.isInteger(Math.log2(bytes)))
    .default(REGION_BYTES_DEFAULT)
    .describe(
      "marked durably at once, before the first write there: a power of two up to 1 GiB; less than a track counts as one",
    ),
  hotRegions: z
    .int()
    .min(1)
    .max(65_536)
    .default(256)
    .describe("regions that stay marked while they are in use: so many are copied whole after a crash, at most"),
  create,
});

const link = z.strictObject({
  name: name.describe("the same at both ends"),
  peer: name.describe("the name of the other system, also in its certificate"),
  role: z.enum(["dial", "listen"]).describe("one end dials, the other listens"),
  host: host.describe("where to dial to, or which address to listen at"),
  port,
});

/** What a daemon is told, as it is written. */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: name.describe("of this system; others know it by this name"),
    volumes: z.array(volume).min(1).describe("of hosts, and those that images and journals are kept on"),
    meta: z
      .strictObject({ disk, size, create })
      .describe(
        "for the copy management table and the pending bitmaps, 64 KiB and one bit for each track and pair at least",
      ),
    links: z.array(link).default([]),
    tls: z
      .strictObject({ ca: path, cert: path, key: path })
      .optional()
      .describe(
        "for all links, as `resilver keys` makes them. Without, whoever reaches the port can read and write everything",
      ),
    images: z
      .array(z.strictObject({ volume: name, method: z.enum(IMAGE_METHODS), area: name.optional() }))
      .default([])
      .describe("fixed when a mirror of the volume is suspended"),
    journals: z
      .array(
        z.strictObject({
          volume: name,
          log: name,
          base: name.describe("of the volume's size"),
          group: name.exactOptional().describe("volumes of one group can be recovered together, to one moment"),
        }),
      )
      .default([]),
    nbd: z
      .strictObject({
        host: host.default("127.0.0.1"),
        port: port.default(10_809),
        tls: z
          .strictObject({
            cert: path,
            key: path,
            ca: path.optional().describe("clients must show a certificate of this authority"),
            required: z.boolean().default(true),
          })
          .optional(),
        clientsMax: z.int().min(1).max(4096).default(64),
      })
      .prefault({})
      .describe("where hosts reach the volumes"),
    control: z
      .strictObject({
        host: host.default("127.0.0.1"),
        port: port.default(7070),
        tokenFile: path.default("control.token").describe("made, for its owner alone, if it is not there"),
        commandTimeoutSeconds: z.int().min(1).max(3600).default(60),
      })
      .prefault({}),
    log: z
      .strictObject({
        level: z
          .enum(["debug", "info", "warn", "error"])
          .default("info")
          .describe("info: every step of the engine, but not each row of tracks that is copied"),
      })
      .prefault({}),
    stopSeconds: z.number().min(0).max(600).default(10).describe("how long a stop waits for hosts and the other ends"),
  })
  .superRefine((config, context) => {
    const complain = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    unique(config.volumes, "volumes", complain);
    unique(config.links, "links", complain);
    const volumes = new Set(config.volumes.map((volume) => volume.name));
    const mustKnow = (volume: string | undefined, path: (string | number)[]): void => {
      if (volume !== undefined && !volumes.has(volume)) complain(path, `there is no volume ${volume}`);
    };
    for (const [at, image] of config.images.entries()) {
      mustKnow(image.volume, ["images", at, "volume"]);
      mustKnow(image.area, ["images", at, "area"]);
      if ((image.area === undefined) !== (image.method === "lsn"))
        complain(["images", at, "area"], "every method but lsn needs a volume with room for the image, and lsn none");
    }
    for (const [at, journal] of config.journals.entries())
      for (const part of ["volume", "log", "base"] as const) mustKnow(journal[part], ["journals", at, part]);
  });

function unique(
  list: readonly { readonly name: string }[],
  place: string,
  complain: (path: (string | number)[], message: string) => void,
): void {
  const seen = new Set<string>();
  for (const [at, { name }] of list.entries()) {
    if (seen.has(name)) complain([place, at, "name"], `another one has the name ${name}`);
    seen.add(name);
  }
}

/** With every default filled in. */
export type DaemonConfig = z.infer<typeof configSchema>;

/** The schema of the file, for editors and generators. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
}
