import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createReflectionService, defineMethod, type GrpcServer } from "../src/index.ts";
import { connectInMemory, type Connected } from "./fixtures/connections.ts";
import { CENT_FILE, MONEY_FILE, nestedFile, SHOP_FILE } from "./fixtures/descriptors.ts";
import { bytesCodec, registerEcho } from "./fixtures/echo-service.ts";
import { bytesField, numberField, readProto, writeProto } from "./fixtures/protobuf.ts";
import { Random } from "./fixtures/random.ts";

type Version = "v1" | "v1alpha";

const SHOP = [SHOP_FILE, MONEY_FILE, CENT_FILE];

suite("server reflection", () => {
  for (const version of ["v1", "v1alpha"] as const) {
    test(`${version} lists the services by name, whether they can be described or not`, async () => {
      await using pair = await serve();
      const answer = readProto(bytesField(await ask(pair, { 7: "" }, version), 6)!);
      const names = (answer.get(1) ?? []).map((part) => String(bytesField(readProto(part as Buffer), 1)));
      assert.deepEqual(names, [
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "test.Echo",
      ]);
    });
  }

  test("lists what was registered after it", async () => {
    await using pair = await serve();
    const late = defineMethod("unary", "/late.Comer/Come", bytesCodec, bytesCodec);
    pair.server.handleUnary(late, (request) => request);
    assert.match(String(bytesField(await ask(pair, { 7: "" }), 6)), /late\.Comer/);
  });

  test("gives a file by its name, with all it imports", async () => {
    await using pair = await serve(SHOP);
    assert.deepEqual(await askFiles(pair, { 3: "shop/shop.proto" }), SHOP.map(String));
    assert.deepEqual(await askFiles(pair, { 3: "shop/cent.proto" }), [String(CENT_FILE)]);
  });

  const SYMBOLS = "Order Order.price Order.payment Order.State Order.OPEN Order.Line Order.Line.note Colour RED".split(
    " ",
  );
  for (const symbol of [...SYMBOLS, "Till", "Till.Pay", "gift"]) {
    test(`finds the file that declares shop.${symbol}`, async () => {
      await using pair = await serve(SHOP);
      assert.equal((await askFiles(pair, { 4: `shop.${symbol}` }))[0], String(SHOP_FILE));
    });
  }

  test("finds names without a package", async () => {
    await using pair = await serve(SHOP);
    assert.deepEqual(await askFiles(pair, { 4: "Cent" }), [String(CENT_FILE)]);
  });

  test("finds extensions by number, and tells all numbers of a message", async () => {
    await using pair = await serve(SHOP);
    for (const number of [100, 200]) {
      const request = {
        5: writeProto([
          [1, Buffer.from("shop.Order")],
          [2, number],
        ]),
      };
      assert.equal((await askFiles(pair, request))[0], String(SHOP_FILE));
    }
    const answer = readProto(bytesField(await ask(pair, { 6: "shop.Order" }), 5)!);
    assert.equal(String(bytesField(answer, 1)), "shop.Order");
    assert.deepEqual([...bytesField(answer, 2)!], [100, 200, 1]);
    const none = readProto(bytesField(await ask(pair, { 6: "shop.Money" }), 5)!);
    assert.equal(none.has(2), false);
  });

  test("sends what a stream has been given once", async () => {
    await using pair = await serve(SHOP);
    const answers = await converse(pair, [{ 4: "shop.Money" }, { 4: "shop.Order" }, { 4: "shop.Order" }]);
    const sizes = answers.map((answer) => readProto(bytesField(answer, 4)!).get(1)?.length);
    assert.deepEqual(sizes, [3, 1, 1]);
  });

  const UNKNOWN: readonly (readonly [string, Question])[] = [
    ["file", { 3: "no.proto" }],
    ["symbol", { 4: "test.Echo" }],
    [
      "extension",
      {
        5: writeProto([
          [1, Buffer.from("shop.Order")],
          [2, 7],
        ]),
      },
    ],
    ["message", { 6: "shop.Till" }],
    ["prototype's name", { 4: "__proto__" }],
  ];
  for (const [what, question] of UNKNOWN) {
    test(`answers NOT_FOUND for an unknown ${what}, and goes on`, async () => {
      await using pair = await serve(SHOP);
      const [answer, next] = await converse(pair, [question, { 4: "Cent" }]);
      assert.equal(numberField(readProto(bytesField(answer!, 7)!), 1), 5);
      assert.ok(bytesField(next!, 4));
    });
  }

  test("returns the request and its host with the answer", async () => {
    await using pair = await serve(SHOP);
    const request = writeProto([
      [1, Buffer.from("here")],
      [4, Buffer.from("none")],
      [99, 1],
    ]);
    const [answer] = await converse(pair, [request]);
    assert.equal(String(bytesField(answer!, 1)), "here");
    assert.deepEqual(bytesField(answer!, 2), request);
  });

  test("describes itself and the health service without being told to", async () => {
    await using pair = await serve();
    const symbols = ["reflection.v1.ServerReflection", "reflection.v1alpha.ServerReflection", "health.v1.Health.Watch"];
    for (const symbol of symbols) assert.equal((await askFiles(pair, { 4: `grpc.${symbol}` })).length, 1);
  });

  test("asks for descriptors when a tool does, once", async () => {
    let asked = 0;
    const descriptors = (): readonly Uint8Array[] => (asked++, SHOP);
    await using pair = await connectInMemory({ register: (server) => register(server, descriptors) });
    await ask(pair, { 7: "" });
    assert.equal(asked, 0);
    await askFiles(pair, { 4: "Cent" });
    await askFiles(pair, { 4: "shop.Till" });
    assert.equal(asked, 1);
  });

  test("keeps the first of two files of one name", async () => {
    const other = writeProto([
      [1, Buffer.from("shop/cent.proto")],
      [4, writeProto([[1, Buffer.from("Other")]])],
    ]);
    await using pair = await serve([CENT_FILE, other]);
    assert.deepEqual(await askFiles(pair, { 3: "shop/cent.proto" }), [String(CENT_FILE)]);
    assert.ok(bytesField(await ask(pair, { 4: "Other" }), 7));
  });

  test("refuses requests that ask nothing, or too much", async () => {
    await using pair = await serve(SHOP);
    await assert.rejects(ask(pair, {}), { code: "INVALID_ARGUMENT" });
    await assert.rejects(ask(pair, { 42: "a question of the future" }), { code: "INVALID_ARGUMENT" });
    await assert.rejects(ask(pair, { 4: "x".repeat(20_000) }), { code: "INVALID_ARGUMENT" });
    await assert.rejects(converse(pair, [Buffer.from([0x22, 0x7f])]), { code: "INTERNAL" });
  });

  test("does not look into a request that is too large", async () => {
    await using pair = await serve(SHOP);
    // Millions of fields that would each be read; the last one ends too early.
    const request = Buffer.alloc(4 * 1024 * 1024, Buffer.from([0x2a, 2, 0x10, 1]));
    request[request.length - 1] = 0x80;
    await assert.rejects(converse(pair, [request]), { code: "INVALID_ARGUMENT" });
  });

  test("reads descriptors once, also those that are none", async () => {
    let asked = 0;
    const descriptors = (): readonly Uint8Array[] => (asked++, [Buffer.from([0x0a, 0x7f])]);
    await using pair = await connectInMemory({ register: (server) => register(server, descriptors) });
    for (let i = 0; i < 3; i++)
      await assert.rejects(ask(pair, { 4: "x" }), { code: "INTERNAL", message: /descriptor/ });
    assert.equal(asked, 1);
  });

  test("says so when it was given bytes that are no descriptor", async () => {
    for (const bytes of [Buffer.from([0x0a, 0x7f]), Buffer.alloc(0), nestedFile(100)]) {
      await using pair = await serve([bytes]);
      await assert.rejects(ask(pair, { 4: "x" }), { code: "INTERNAL", message: /descriptor/ });
    }
  });

  test("takes any bytes for a request and stays", async () => {
    await using pair = await serve(SHOP);
    const random = new Random(7);
    const sound = writeProto([
      [1, Buffer.from("host")],
      [
        5,
        writeProto([
          [1, Buffer.from("shop.Order")],
          [2, 100],
        ]),
      ],
    ]);
    for (let round = 0; round < 500; round++) {
      const request = Buffer.from(sound);
      for (let i = random.below(4); i >= 0; i--) request[random.below(request.length)] = random.below(256);
      await converse(pair, [request]).catch((error: { code?: string }) => {
        assert.match(String(error.code), /^(?:INTERNAL|INVALID_ARGUMENT)$/, request.toString("hex"));
      });
    }
    assert.ok(bytesField(await ask(pair, { 4: "Cent" }), 4));
  });
});

/** The fields of a ServerReflectionRequest. */
type Question = Readonly<Record<number, string | Uint8Array>> | Buffer;

function register(server: GrpcServer, descriptors?: () => readonly Uint8Array[]): void {
  registerEcho(server);
  const services = (): readonly string[] => server.services;
  createReflectionService({ services, ...(descriptors === undefined ? {} : { descriptors }) }).register(server);
}

function serve(descriptors: readonly Uint8Array[] = []): Promise<Connected> {
  return connectInMemory({ register: (server) => register(server, () => descriptors) });
}

type Answer = ReturnType<typeof readProto>;

async function converse(
  { client }: Connected,
  questions: readonly Question[],
  version: Version = "v1",
): Promise<Answer[]> {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const call = client.bidi(defineMethod("bidirectional", path, bytesCodec, bytesCodec));
  const sending = Promise.allSettled(questions.map((question) => call.send(encodeQuestion(question))));
  call.end();
  const answers = await Array.fromAsync(call);
  await sending;
  return answers.map(readProto);
}

async function ask(pair: Connected, question: Question, version?: Version): Promise<Answer> {
  const [answer] = await converse(pair, [question], version);
  return answer!;
}

async function askFiles(pair: Connected, question: Question): Promise<string[]> {
  const files = bytesField(await ask(pair, question), 4);
  assert.ok(files, "the answer holds no files");
  return (readProto(files).get(1) ?? []).map(String);
}

function encodeQuestion(question: Question): Buffer {
  if (Buffer.isBuffer(question)) return question;
  return writeProto(Object.entries(question).map(([number, value]) => [Number(number), Buffer.from(value as string)]));
}
