export { NetworkError, type NetworkErrorCode } from "./tcp/network-error.ts";
export type { NetworkOptions } from "./tcp/network-options.ts";
export type { ProxyEffects } from "./proxy/proxy-effects.ts";
export { SimEndpoint } from "./tcp/sim-endpoint.ts";
export { SimNetwork } from "./sim-network.ts";
export { type ProxyConfig, type ProxyToxic, SimProxy } from "./proxy/sim-proxy.ts";
export { type Direction, type Toxic, toxiproxyAttributes } from "./proxy/toxic.ts";
export type { ToxicEffects } from "./proxy/toxic-effects.ts";
