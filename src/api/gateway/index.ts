/** One address for every touchpoint: routes, finds, balances, keeps, protects. */
export { gatewayConfig, type GatewayConfig } from "./config";
export { systemNames } from "./discovery/dns";
export { registerFigures } from "./figures";
export { Gateway, type GatewayOptions } from "./gateway";
export { httpRoutes, type HttpRoute } from "./http-routes";
export { ownRoutes } from "./own-routes";
export { closeServer, gatewayServer, listenAt } from "./server";
export { gatewayTable, type GatewayRoute, type ServiceRoutes } from "./table";
