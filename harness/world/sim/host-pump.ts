import { drainPump, macrotaskPump, type Pump } from "./pump.ts";

/** What of a runtime the pump can use; none of it is required to exist. */
interface HostGlobals {
  readonly process?: { readonly _tickCallback?: () => void };
  readonly setImmediate?: (callback: () => void) => void;
  readonly MessageChannel?: new () => HostChannel;
}

interface HostChannel {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(message: null): void };
}

/**
 * The fastest pump that this runtime has. In Node.js that is its own way of draining microtasks
 * between two callbacks (`process._tickCallback`: old, exposed, marked as internal, hence probed
 * before use); then `setImmediate`; in a browser a MessageChannel.
 */
export function hostPump(host: HostGlobals = globalThis as unknown as HostGlobals): Pump {
  const { setImmediate, MessageChannel } = host;
  if (setImmediate !== undefined) {
    const drain = host.process?._tickCallback;
    return drain === undefined ? macrotaskPump(setImmediate) : drainPump(drain, setImmediate);
  }
  if (MessageChannel === undefined) throw new Error("no pump: neither setImmediate nor MessageChannel exists here");
  return macrotaskPump(channelQueue(new MessageChannel()));
}

function channelQueue(channel: HostChannel): (callback: () => void) => void {
  const queue: (() => void)[] = [];
  let head = 0;
  channel.port1.onmessage = () => {
    const callback = queue[head++];
    if (head === queue.length) {
      queue.length = 0;
      head = 0;
    }
    callback?.();
  };
  return (callback) => {
    queue.push(callback);
    channel.port2.postMessage(null);
  };
}
