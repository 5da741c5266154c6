/**
 * Calls `turn`, once per macrotask, until it gives false. Between two calls the runtime runs every
 * microtask, so promise chains of any length settle: no fixed number of awaits is assumed.
 * Injected, because a browser has another macrotask than Node.js.
 */
export type Pump = (turn: () => boolean, scope?: PumpScope) => Promise<void>;

/** Told when the code of a run begins and ceases to have the thread, microtasks included. */
export interface PumpScope {
  enter(): void;
  leave(): void;
}

/**
 * A pump over a function that queues macrotasks. Many are queued at once, because leaving the queue
 * and coming back to it is what costs; a runtime still drains microtasks between any two of them.
 *
 * @param queueMacrotask `setImmediate`, or a MessageChannel's port in a browser
 */
export function macrotaskPump(queueMacrotask: (callback: () => void) => void, batch = 256): Pump {
  return (turn, scope) =>
    new Promise((resolve, reject) => {
      let done = false;
      const end = (settle: () => void): void => {
        done = true;
        scope?.leave();
        settle();
      };
      const one = (): void => {
        if (done) return;
        try {
          scope?.enter();
          if (!turn()) end(resolve);
        } catch (error) {
          end(() => reject(error));
        }
      };
      const refill = (): void => {
        if (done) return;
        scope?.leave();
        for (let count = 0; count < batch; count++) queueMacrotask(one);
        queueMacrotask(refill);
      };
      refill();
    });
}
