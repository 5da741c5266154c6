import { hashText } from "../history/rolling-hash.ts";

/** The bytes that a plan calls `content` in the file `path`: the same in every run, and like those of no other. */
export function fileContent(path: string, content: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = hashText(`${content} ${path}`) | 1;
  for (let at = 0; at < sizeBytes; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
