/**
 * Every code of {@link PluginError} with what to do about it; the next step ends the message of each error. A section per
 * code in docs/reference/errors.md, held together by a test.
 */
export const ERROR_CODES = {
  ERR_PLUGIN_SPAWN_FAILED: {
    nextStep: "Check that the command exists, is executable by this user and was built for this machine.",
  },
  ERR_PLUGIN_START_TIMEOUT: {
    nextStep: "Raise the start timeout if the plugin only starts slowly; otherwise look at its log for where it hangs.",
  },
  ERR_PLUGIN_EXITED_EARLY: {
    nextStep:
      "If nothing here says why, start the plugin's command by hand: it should print that it is a plugin, and nothing else.",
  },
  ERR_START_ABORTED: { nextStep: "" },
  ERR_HANDSHAKE_MALFORMED: {
    nextStep: "Nothing but the handshake line may come first on a plugin's stdout: move prints to stderr.",
  },
  ERR_CORE_VERSION: {
    nextStep: "To fix this, the plugin usually only needs to be recompiled.\nPlease report this to the plugin author",
  },
  ERR_APP_VERSION: { nextStep: "Install a version of the plugin that was made for this host." },
  ERR_UNSUPPORTED_PROTOCOL: { nextStep: "Only gRPC plugins are supported: net/rpc plugins must be ported to gRPC." },
  ERR_MUX_UNSUPPORTED: {
    nextStep: "Launch this plugin without multiplexing, or install a version of it that multiplexes.",
  },
  ERR_CHECKSUM_MISMATCH: {
    nextStep: "Reinstall the plugin from its source, or correct the configured checksum if you replaced it yourself.",
  },
  ERR_TLS_IDENTITY: {
    nextStep:
      "Host and plugin must both use AutoMTLS, or both do without, or both have certificates of their own, each issued by the other's ca, the plugin's for the host's serverName: check the host's setting for this plugin.",
  },
  ERR_CONNECT_FAILED: {
    nextStep:
      "An address was announced that cannot be reached from here: check that both sides see the same file system.",
  },
  ERR_PLUGIN_UNHEALTHY: { nextStep: "The plugin runs but does not answer: look at its log." },
  ERR_REATTACH_NOT_FOUND: {
    nextStep: "The plugin has ended, or listens elsewhere: take what it says about itself now.",
  },
  ERR_UNKNOWN_PLUGIN: { nextStep: "Ask for a kind that was given to launch() for the negotiated version." },
  ERR_PLUGIN_GONE: { nextStep: "Launch the plugin again; its log says why it ended." },
  ERR_INVALID_OPTION: { nextStep: "Correct the option." },
  ERR_BROKER_UNAVAILABLE: {
    nextStep:
      "Check that both sides are made for brokered connections; after an attach, a plugin made with Go has none.",
  },
  ERR_BROKER_TIMEOUT: {
    nextStep:
      "The other side must accept the id within 5 seconds of the dial, before or after; an accept serves one dial.",
  },
  ERR_BROKER_REFUSED: { nextStep: "The other side must accept the id before it is dialled, and not close it before." },
  ERR_BROKER_ID_IN_USE: { nextStep: "Take a new id from nextId() of the side that accepts, for each connection." },
  ERR_BROKER_ADDRESS: { nextStep: "Only unix and tcp addresses are known: look at what the other side is made with." },
  ERR_BROKER_CLOSED: { nextStep: "" },
  ERR_COOKIE_MISMATCH: { nextStep: "" },
  ERR_LISTEN_FAILED: {
    nextStep: "Check that the plugin may create files in its temporary folder (TMPDIR, PLUGIN_UNIX_SOCKET_DIR).",
  },
} as const satisfies Readonly<Record<string, { readonly nextStep: string }>>;

/** Every code of a `PluginError`; docs/reference/errors.md has a section for each. */
export type PluginErrorCode = keyof typeof ERROR_CODES;
