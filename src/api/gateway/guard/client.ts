import { type IncomingMessage } from "node:http";
import { isIP, type BlockList as Addresses } from "node:net";
import { BlockList } from "node:net";

/** Proxies in front of the gateway whose word on who calls is believed. */
export type TrustedProxies = Addresses;

/** Addresses and networks, separated by commas: `10.0.0.0/8, ::1`. @throws naming the part that is none */
export function parseProxies(text: string): TrustedProxies {
  const list = new BlockList();
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const [address = "", prefix, more] = part.split("/");
    const version = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const most = version === 4 ? 32 : 128;
    if (version === 0 || more !== undefined || (bits !== undefined && !(Number.isInteger(bits) && bits <= most)))
      throw new Error(`a trusted proxy must be an address or network such as 10.0.0.0/8, not "${part}"`);
    if (bits === undefined) list.addAddress(address, version === 4 ? "ipv4" : "ipv6");
    else list.addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/** An address as it is usually written: IPv4 in IPv6 clothes is IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");

const isTrusted = (address: string, proxies: TrustedProxies): boolean => {
  const version = isIP(address);
  return version !== 0 && proxies.check(address, version === 4 ? "ipv4" : "ipv6");
};

/**
 * Who calls: the connection's address, or where that is a trusted proxy the last address in `X-Forwarded-For` that is
 * not. What a stranger writes into the header is never believed.
 */
export function clientAddress(
  remote: string | undefined,
  forwardedFor: string | undefined,
  proxies: TrustedProxies | undefined,
): string {
  let address = plain(remote ?? "unknown");
  if (proxies === undefined || forwardedFor === undefined) return address;
  const hops = forwardedFor.split(",");
  while (isTrusted(address, proxies)) {
    const next = plain(hops.pop()?.trim() ?? "");
    if (isIP(next) === 0) break;
    address = next;
  }
  return address;
}

/** What the caller speaks: `https` where it does so with the gateway itself, or a trusted proxy says so. */
export function protocolOf({ socket, headers }: Connected, proxies: TrustedProxies | undefined): "http" | "https" {
  if ("encrypted" in socket) return "https";
  if (proxies === undefined || headers["x-forwarded-proto"] !== "https") return "http";
  return isTrusted(plain(socket.remoteAddress ?? ""), proxies) ? "https" : "http";
}
type Connected = Pick<IncomingMessage, "socket" | "headers">;

/** The key or token that the caller shows, whichever way. */
export function credentialOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const shown = headers["authorization"] ?? headers["x-api-key"] ?? headers["shopper-token"];
  if (typeof shown !== "string") return undefined;
  return shown.replace(/^bearer\s+/i, "");
}
