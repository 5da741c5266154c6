/** Does `body`, and leaves nothing on the container engine that a run of this process made, however it ended. */
export async function withContainers<T>(body: () => Promise<T>): Promise<T> {
  // Loaded when it is asked for: it takes longer than most commands.
  const { removeOwnLeftovers } = await import("../world/containers/runtime/container-runtime.ts");
  try {
    return await body();
  } finally {
    await removeOwnLeftovers();
  }
}
