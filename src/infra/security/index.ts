export {
  ApiKeys,
  type ApiKeysOptions,
  type ApiKeyStore,
  hashApiKey,
  hasRole,
  isApiKey,
  newApiKey,
  type Principal,
  type Role,
  ROLES,
} from "./api-keys";
export { isLocalRequest, isLoopback } from "./loopback";
export { SECURITY_HEADERS } from "./response-headers";
export { isShopperToken, type Shopper, type ShopperTokens, shopperTokens } from "./shopper-tokens";
