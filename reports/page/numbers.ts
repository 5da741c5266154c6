const COUNT = new Intl.NumberFormat("en");

/** `12,345`. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** `3 runs`, `1 run`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Virtual or real time: `120 µs`, `18.324 ms`, `2.41 s`. */
export function duration(ns: number): string {
  if (ns < 1e6) return `${(ns / 1e3).toFixed(ns < 1e5 ? 1 : 0)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(ns < 1e8 ? 3 : 1)} ms`;
  return `${(ns / 1e9).toFixed(ns < 1e11 ? 3 : 1)} s`;
}

/** `4 KiB`, `1.5 MiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB"] as const;
  let unit = 0;
  let size = value;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number.isInteger(size) ? size : size.toFixed(1)} ${units[unit]}`;
}
