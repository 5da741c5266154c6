import { ContainerError } from "../container-error.ts";

/**
 * Bounds a call of the container engine.
 *
 * @param what for the message, as in `start of container a`
 * @throws ContainerError RUNTIME if it fails or does not answer within `limitMs`
 */
export async function within<T>(what: string, limitMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(runtimeError(what, `no answer within ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([call(controller.signal), late]);
  } catch (error) {
    if (error instanceof ContainerError) throw error;
    throw runtimeError(what, error instanceof Error ? error.message : String(error), error);
  } finally {
    clearTimeout(timer);
  }
}

function runtimeError(place: string, found: string, cause?: unknown): ContainerError {
  const remedy = "resilver doctor says whether the Docker engine and its images are there";
  return new ContainerError("RUNTIME", { place, found, expected: "the container engine to do it", remedy }, cause);
}
