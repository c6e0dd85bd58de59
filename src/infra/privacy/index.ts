export { type PersonKey } from "./key-store";
export {
  isMasterKey,
  type MasterKey,
  masterKey,
  MasterKeyMissing,
  type MasterKeys,
  newMasterKeyText,
} from "./master-key";
export { BeingForgotten, isKeysAway, People, type PeopleOptions } from "./people";
export { PersonalData, type SealedEvents, type Whom } from "./personal-data";
export { personText, SealBroken, type Subject } from "./sealed";
export { forgotten } from "./unseal";
