import assert from "node:assert/strict";
import { test } from "node:test";

import { parseIpRanges, plainIp } from "./ip-range.ts";

const CASES: readonly (readonly [entries: readonly string[], ip: string, included: boolean])[] = [
  [["192.0.2.0/24"], "192.0.2.200", true],
  [["192.0.2.0/24"], "192.0.3.1", false],
  [["192.0.2.7"], "192.0.2.7", true],
  [["192.0.2.7"], "192.0.2.8", false],
  [["192.0.2.7", "10.0.0.0/8"], "10.255.0.1", true],
  [["0.0.0.0/0"], "203.0.113.9", true],
  [["0.0.0.0/0"], "2001:db8::1", false],
  [["2001:db8::/32"], "2001:db8:ffff::1", true],
  [["2001:db8::/32"], "2001:db9::1", false],
  [["192.0.2.0/24"], "::ffff:192.0.2.1", true],
  [["fe80::/10"], "fe80::1%eth0", true],
  [[], "192.0.2.1", false],
  [["0.0.0.0/0"], "not an address", false],
];

for (const [entries, ip, included] of CASES) {
  test(`[${entries.join(", ")}] ${included ? "includes" : "does not include"} ${ip}`, () => {
    assert.equal(parseIpRanges(entries).includes(ip), included);
  });
}

for (const entry of ["", "example.com", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/24/8", "2001:db8::/129", "1.2.3"]) {
  test(`"${entry}" is refused as a range`, () => {
    assert.throws(() => parseIpRanges([entry]), RangeError);
  });
}

test("an IPv4 address mapped into IPv6 is written as IPv4", () => {
  assert.equal(plainIp("::ffff:127.0.0.1"), "127.0.0.1");
});
