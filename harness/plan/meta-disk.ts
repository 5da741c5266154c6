const END = "/meta";

/** The disk with a system's own tables, as plans name it: no volume, whose names have no `/`. */
export function metaDiskOf<S extends string>(system: S): `${S}/meta` {
  return `${system}${END}`;
}

/** @param disk as plans name it, or with its system before it: `svol`, `b/svol`, `b/meta` */
export function isMetaDisk(disk: string): boolean {
  return disk.endsWith(END);
}
