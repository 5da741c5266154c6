/** Settles once every promise that can settle without a timer has done so. */
export function drained(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
