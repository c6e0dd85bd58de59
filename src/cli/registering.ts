import { type Registering, VERSION } from "../engine/register";
import { type Settings } from "../infra/config";
import { type InstanceRole } from "../infra/mongo";

/** How a process of this role enters itself into the register of instances. */
export const registeringAs = (
  role: InstanceRole,
  { gatewayAdvertise: url, gatewayWeight: weight, gatewayZone: zone }: Settings,
): Registering => ({ role, url, weight, zone, version: VERSION });
