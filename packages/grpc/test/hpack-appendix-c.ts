import type { HeaderField } from "../src/hpack/index.ts";

/** One block of an example in RFC 7541 appendix C, with the size of the table after it. */
export interface ExampleBlock {
  readonly hex: string;
  readonly fields: readonly HeaderField[];
  readonly tableSizeBytes: number;
}

function fields(...lines: readonly (readonly [string, string])[]): readonly HeaderField[] {
  return lines.map(([name, value]) => ({ name, value }));
}

const FIRST_REQUEST = fields(
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
);
const SECOND_REQUEST = [...FIRST_REQUEST, { name: "cache-control", value: "no-cache" }];
const THIRD_REQUEST = fields(
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/index.html"],
  [":authority", "www.example.com"],
  ["custom-key", "custom-value"],
);

const FIRST_RESPONSE = fields(
  [":status", "302"],
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ["location", "https://www.example.com"],
);
const SECOND_RESPONSE = fields(
  [":status", "307"],
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ["location", "https://www.example.com"],
);
const THIRD_RESPONSE = fields(
  [":status", "200"],
  ["cache-control", "private"],
  ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
  ["location", "https://www.example.com"],
  ["content-encoding", "gzip"],
  ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
);

/** C.3: requests, plain strings. */
export const PLAIN_REQUESTS: readonly ExampleBlock[] = [
  { hex: "828684410f7777772e6578616d706c652e636f6d", fields: FIRST_REQUEST, tableSizeBytes: 57 },
  { hex: "828684be58086e6f2d6361636865", fields: SECOND_REQUEST, tableSizeBytes: 110 },
  {
    hex: "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
    fields: THIRD_REQUEST,
    tableSizeBytes: 164,
  },
];

/** C.4: requests, Huffman-coded strings. */
export const CODED_REQUESTS: readonly ExampleBlock[] = [
  { hex: "828684418cf1e3c2e5f23a6ba0ab90f4ff", fields: FIRST_REQUEST, tableSizeBytes: 57 },
  { hex: "828684be5886a8eb10649cbf", fields: SECOND_REQUEST, tableSizeBytes: 110 },
  { hex: "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", fields: THIRD_REQUEST, tableSizeBytes: 164 },
];

/** C.5: responses, plain strings, a table of 256 octets. */
export const PLAIN_RESPONSES: readonly ExampleBlock[] = [
  {
    hex:
      "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54" +
      "6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
    fields: FIRST_RESPONSE,
    tableSizeBytes: 222,
  },
  { hex: "4803333037c1c0bf", fields: SECOND_RESPONSE, tableSizeBytes: 222 },
  {
    hex:
      "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d" +
      "4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
    fields: THIRD_RESPONSE,
    tableSizeBytes: 215,
  },
];

/** C.6: responses, Huffman-coded strings, a table of 256 octets. */
export const CODED_RESPONSES: readonly ExampleBlock[] = [
  {
    hex:
      "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff" +
      "6e919d29ad171863c78f0b97c8e9ae82ae43d3",
    fields: FIRST_RESPONSE,
    tableSizeBytes: 222,
  },
  { hex: "4883640effc1c0bf", fields: SECOND_RESPONSE, tableSizeBytes: 222 },
  {
    hex:
      "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b" +
      "3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    fields: THIRD_RESPONSE,
    tableSizeBytes: 215,
  },
];
