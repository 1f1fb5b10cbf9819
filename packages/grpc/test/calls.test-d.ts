/** What compiles and what does not: methods, their handlers and their calls. Read by tsc, never run. */
import { createGrpcServer, createReconnectingClient, defineMethod, interceptClient } from "@fairlead/grpc";
import type {
  BidiCall,
  ClientConnection,
  ClientInterceptor,
  Codec,
  GrpcServer,
  Messages,
  Method,
  OutgoingCall,
  ServerCall,
  ServerInterceptor,
} from "@fairlead/grpc";
import { connect } from "node:net";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles when both are the same type; `any` is the same as nothing but itself. */
declare function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void;

declare const text: Codec<string>;
declare const number: Codec<number>;
declare const server: GrpcServer;
declare const client: ClientConnection;

const unary = defineMethod("unary", "/a.B/Unary", text, number);
const serverStream = defineMethod("server-streaming", "/a.B/ServerStream", text, number);
const clientStream = defineMethod("client-streaming", "/a.B/ClientStream", text, number);
const bidi = defineMethod("bidirectional", "/a.B/Bidi", text, number);

// The kind is kept as a literal, the messages come from the codecs.
same<typeof unary, Method<string, number, "unary">>();
same<typeof serverStream, Method<string, number, "server-streaming">>();
same<typeof clientStream, Method<string, number, "client-streaming">>();
same<typeof bidi, Method<string, number, "bidirectional">>();
// @ts-expect-error there are four kinds of methods
defineMethod("streaming", "/a.B/C", text, number);
// @ts-expect-error a codec goes both ways
defineMethod("unary", "/a.B/C", { encode: () => new Uint8Array() }, number);

// Handlers: requests and responses are the method's.
server.handleUnary(unary, (request, call) => {
  same<typeof request, string>();
  same<typeof call, ServerCall>();
  return request.length;
});
server.handleUnary(unary, async (request) => await Promise.resolve(request.length));
// @ts-expect-error the response is a number
server.handleUnary(unary, (request) => request);
// @ts-expect-error this method's handler answers with a stream
server.handleUnary(serverStream, () => 1);

server.handleServerStream(serverStream, async function* (request) {
  same<typeof request, string>();
  yield await Promise.resolve(request.length);
});
// @ts-expect-error a stream of numbers, not one
server.handleServerStream(serverStream, () => 1);

server.handleClientStream(clientStream, async (requests) => {
  same<typeof requests, AsyncIterable<string>>();
  let length = 0;
  for await (const request of requests) length += request.length;
  return length;
});
// @ts-expect-error the requests are a stream
server.handleClientStream(clientStream, async (requests: string) => await Promise.resolve(requests.length));

server.handleBidi(bidi, async function* (requests) {
  for await (const request of requests) yield request.length;
});
// @ts-expect-error not a bidirectional method
server.handleBidi(unary, async function* (requests) {
  for await (const request of requests) yield request.length;
});

// Calls.
same<ReturnType<typeof callUnary>, Promise<number>>();
function callUnary() {
  return client.unary(unary, "request", { deadlineMs: 1 });
}
same<ReturnType<typeof callServerStream>, AsyncIterable<number>>();
function callServerStream() {
  return client.serverStream(serverStream, "request");
}
same<ReturnType<typeof callClientStream>, Promise<number>>();
function callClientStream() {
  return client.clientStream(clientStream, ["a", "b"]);
}
same<ReturnType<typeof callBidi>, BidiCall<string, number>>();
function callBidi() {
  return client.bidi(bidi);
}
// @ts-expect-error the request is a string
void client.unary(unary, 1);
// @ts-expect-error one response, not a stream of them
client.serverStream(unary, "request");
// @ts-expect-error a stream of requests, not one number
void client.clientStream(clientStream, 1);
// @ts-expect-error options that do not exist
void client.unary(unary, "request", { timeoutMs: 1 });
// @ts-expect-error the call sends strings
void client.bidi(bidi).send(1);

// Interceptors know no message types: they stand before all methods.
const outgoing: ClientInterceptor = async (call, next) => {
  same<typeof call, OutgoingCall>();
  same<typeof call.method, Method<unknown, unknown>>();
  const answer = await next({ ...call, options: { ...call.options, deadlineMs: 1 } });
  same<typeof answer, Messages>();
  return answer;
};
// @ts-expect-error a call is not changed in place
const changing: ClientInterceptor = async (call, next) => ((call.request = await next(call)), await next(call));
// @ts-expect-error what an interceptor gives back are messages
const answering: ServerInterceptor = async () => await Promise.resolve("answer");
createGrpcServer({ interceptors: [async (call, next) => await next({ ...call, deadline: new Date() })] });
// @ts-expect-error an interceptor of the other side
createGrpcServer({ interceptors: [outgoing] });
same<ReturnType<typeof intercepted>, ClientConnection>();
function intercepted() {
  return interceptClient(client, [outgoing, changing]);
}
createGrpcServer({ interceptors: [answering] });

// A client that reconnects is a client.
createReconnectingClient({
  dial: async () => await Promise.resolve(connect("/run/a.sock")),
}) satisfies ClientConnection;
// @ts-expect-error it has to know where to
createReconnectingClient({});
