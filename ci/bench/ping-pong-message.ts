/** 8 bytes, little-endian. */
export function messageOf(sequence: number): Uint8Array {
  const message = new Uint8Array(8);
  for (let byte = 0; byte < 4; byte++) message[byte] = sequence >>> (8 * byte);
  return message;
}

/** The lower half of what {@link messageOf} wrote. */
export function sequenceOf(message: Uint8Array): number {
  let sequence = 0;
  for (let byte = 0; byte < 4; byte++) sequence |= (message[byte] as number) << (8 * byte);
  return sequence;
}
