import { BlockList, isIP } from "node:net";

/** A list of addresses and CIDR ranges. */
export interface IpRanges {
  includes(ip: string): boolean;
}

/**
 * Reads `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. Throws `RangeError` quoting the entry that is
 * neither.
 */
export function parseIpRanges(entries: readonly string[]): IpRanges {
  const list = new BlockList();
  for (const entry of entries) {
    addRange(list, entry);
  }
  return {
    includes(ip) {
      const address = plainIp(ip);
      const version = isIP(address);
      return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
    },
  };
}

/** The address a client is known by: IPv4 mapped into IPv6 becomes IPv4, a zone is dropped. */
export function plainIp(address: string): string {
  const withoutZone = address.replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone);
  return mapped?.[1] ?? withoutZone;
}

function addRange(list: BlockList, entry: string): void {
  const [address = "", prefix, ...rest] = entry.trim().split("/");
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  const isValid =
    version !== 0 && rest.length === 0 && (prefix === undefined || /^\d{1,3}$/.test(prefix)) && length <= bits;
  if (!isValid) {
    throw new RangeError(`"${entry}" is not an IP address or a CIDR range`);
  }
  list.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
}
