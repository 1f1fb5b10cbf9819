/** go-plugin's literals, spelled as it spells them (its constants.go, server.go, grpc_server.go). */

/** The one core protocol version there has ever been. */
export const CORE_PROTOCOL_VERSION = 1;

/** The health service name that answers for the plugin as a whole. */
export const HEALTH_SERVICE_NAME = "plugin";

/** Name of both ends in the one-time certificates, whatever the network. */
export const TLS_SERVER_NAME = "localhost";

export const ENV_PROTOCOL_VERSIONS = "PLUGIN_PROTOCOL_VERSIONS";
export const ENV_CLIENT_CERT = "PLUGIN_CLIENT_CERT";
export const ENV_MIN_PORT = "PLUGIN_MIN_PORT";
export const ENV_MAX_PORT = "PLUGIN_MAX_PORT";
export const ENV_MULTIPLEX_GRPC = "PLUGIN_MULTIPLEX_GRPC";
export const ENV_UNIX_SOCKET_DIR = "PLUGIN_UNIX_SOCKET_DIR";
export const ENV_UNIX_SOCKET_GROUP = "PLUGIN_UNIX_SOCKET_GROUP";

/** Every variable that means something to the protocol, apart from the magic cookie. */
export const PROTOCOL_ENV_NAMES: readonly string[] = [
  ENV_PROTOCOL_VERSIONS,
  ENV_CLIENT_CERT,
  ENV_MIN_PORT,
  ENV_MAX_PORT,
  ENV_MULTIPLEX_GRPC,
  ENV_UNIX_SOCKET_DIR,
  ENV_UNIX_SOCKET_GROUP,
];

/** Longest usable path of a unix socket: sun_path is 104 bytes on macOS and the BSDs, 108 on Linux, with a final NUL. */
export const MAX_SOCKET_PATH_BYTES = 103;

/** Longest line read from a plugin, on stdout and on stderr (go-plugin's scanner limit and PluginLogBufferSize). */
export const MAX_LINE_BYTES = 64 * 1024;

/** Private folders for sockets start with this, so that whoever cleans up knows its own. */
export const SOCKET_FOLDER_PREFIX = "fairlead-plugin-";
