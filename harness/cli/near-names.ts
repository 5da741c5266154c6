/**
 * Up to `countMax` of `names` that `wanted` may have meant, the nearest first: few edits away from
 * the whole name or from its last part, or containing it.
 */
export function nearNames(wanted: string, names: readonly string[], countMax = 3): string[] {
  const lower = wanted.toLowerCase();
  const wantedLeaf = lower.slice(lower.lastIndexOf("/") + 1);
  const distances = names.map((name) => {
    const whole = name.toLowerCase();
    const leaf = whole.slice(whole.lastIndexOf("/") + 1);
    return { name, distance: Math.min(editDistance(lower, whole), editDistance(wantedLeaf, leaf)) };
  });
  const limit = Math.max(2, Math.floor(wantedLeaf.length / 3));
  return distances
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, countMax)
    .map(({ name }) => name);
}

/** Insertions, deletions and replacements between `a` and `b`; only the first 100 characters count. */
function editDistance(a: string, b: string): number {
  const left = a.slice(0, 100);
  const right = b.slice(0, 100);
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
