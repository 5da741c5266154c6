/**
 * Calls `turn` until it gives false, and between two calls lets every microtask run, so promise
 * chains of any length settle: no fixed number of awaits is assumed. Injected, because a browser
 * has other means than Node.js.
 */
export type Pump = (turn: () => boolean, scope?: PumpScope) => Promise<void>;

/** Told when the code of a run begins and ceases to have the thread, microtasks included. */
export interface PumpScope {
  enter(): void;
  leave(): void;
}

/**
 * A pump over a function that queues macrotasks: one event a macrotask. Many are queued at once,
 * because leaving the queue and coming back to it is what costs; a runtime still drains microtasks
 * between any two of them.
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

/**
 * A pump over a function that drains the microtasks at once: many events a macrotask, which spares
 * the runtime's bookkeeping for each. Where `drainMicrotasks` turns out not to drain, it
 * goes on as {@link macrotaskPump}.
 */
export function drainPump(
  drainMicrotasks: () => void,
  queueMacrotask: (callback: () => void) => void,
  batch = 256,
): Pump {
  return (turn, scope) =>
    new Promise((resolve, reject) => {
      const some = (): void => {
        let more = true;
        scope?.enter();
        try {
          for (let count = 0; more && count < batch; count++) {
            more = turn();
            drainMicrotasks();
          }
        } catch (error) {
          scope?.leave();
          reject(error);
          return;
        }
        scope?.leave();
        if (more) queueMacrotask(some);
        else resolve();
      };
      queueMacrotask(() => {
        if (drains(drainMicrotasks)) some();
        else macrotaskPump(queueMacrotask, batch)(turn, scope).then(resolve, reject);
      });
    });
}

/** True if `drainMicrotasks`, called from a macrotask, runs a chain of awaits to its end. */
function drains(drainMicrotasks: () => void): boolean {
  let settled = false;
  const chain = async (): Promise<void> => {
    for (let link = 0; link < 8; link++) await Promise.resolve();
    settled = true;
  };
  void chain();
  drainMicrotasks();
  return settled;
}
