export {
  ApiKeys,
  type ApiKeysOptions,
  type ApiKeyStore,
  hashApiKey,
  isApiKey,
  newApiKey,
  SpentKey,
  type StoredKey,
} from "./api-keys";
export { IssuerUnavailable } from "./json-web-keys";
export { isLocalRequest, isLoopback } from "./loopback";
export { InvalidToken, isUserToken, type OidcOptions, oidcTokens, type UserTokens } from "./oidc";
export { SECURITY_HEADERS } from "./response-headers";
export {
  actorOf,
  hasRole,
  hasScope,
  type Identity,
  isRole,
  type Principal,
  type Role,
  ROLES,
  rolesOf,
  type Scope,
  SCOPES,
  type Shopper,
} from "./roles";
export {
  InvalidServiceToken,
  SERVICE_TOKEN_HEADER,
  type ServiceKeys,
  type ServiceTokenCheck,
  serviceTokenCheck,
  serviceTokenSigner,
} from "./service-tokens";
export {
  ExpiredShopperToken,
  isShopperToken,
  SHOPPER_TOKEN_LIFETIME,
  type ShopperTokens,
  shopperTokens,
} from "./shopper-tokens";
