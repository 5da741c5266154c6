/** The runs of tracks from `first` to `last` of which `has` is true, each of `tracksMax` at most. Asked as it goes. */
export function* trackRuns(
  has: (track: number) => boolean,
  first: number,
  last: number,
  tracksMax: number,
): Generator<readonly [first: number, last: number]> {
  for (let track = first; track <= last; track++) {
    if (!has(track)) continue;
    let end = track;
    while (end < last && end - track + 1 < tracksMax && has(end + 1)) end++;
    yield [track, end];
    track = end;
  }
}
