export type { NetworkOptions } from "./tcp/network-options.ts";
export type { ProxyEffects } from "./proxy/proxy-effects.ts";
export type { SimEndpoint } from "./tcp/sim-endpoint.ts";
export type { SimLink } from "./tcp/sim-link.ts";
export { SimNetwork } from "./sim-network.ts";
export type { ProxyConfig, ProxyToxic, SimProxy } from "./proxy/sim-proxy.ts";
export { type Toxic, toxicOf } from "./proxy/toxic.ts";
export type { ToxicEffects } from "./proxy/toxic-effects.ts";
