const META_BYTES_MIN = 4 * 1024 * 1024;

/** Of the disk for a system's own tables: a bit per sector of every volume, twice, and as much again: more than any table needs. */
export function metaBytesOf(volumes: readonly { readonly sizeBytes: number }[]): number {
  const volumeBytes = volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return META_BYTES_MIN + Math.ceil(volumeBytes / 1024 / 4096) * 4096;
}
