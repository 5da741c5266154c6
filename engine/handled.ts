type Kind = abstract new (...args: never) => Error;

/**
 * An error that whoever catches it knows what to do about: what devices and refusals say. Anything else is
 * a bug of ours, and goes on its way.
 * @throws `error` itself if it is of none of `kinds`
 */
export function handled<const Kinds extends readonly Kind[]>(
  error: unknown,
  ...kinds: Kinds
): InstanceType<Kinds[number]> {
  if (isOneOf(error, kinds)) return error;
  throw error;
}

function isOneOf<const Kinds extends readonly Kind[]>(
  error: unknown,
  kinds: Kinds,
): error is InstanceType<Kinds[number]> {
  return kinds.some((kind) => error instanceof kind);
}
