/** gRPC metadata that carries the identity of an event. Plugins that do not know it ignore it. */
export const EVENT_ID_METADATA = "fairlead-event-id";
