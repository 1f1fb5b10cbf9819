/** What a plugin says about itself: to the server that runs it, and to a person who asks. */
export interface PluginIdentity {
  /** Default: the base name of its executable. */
  readonly name?: string;
  /** Default: none. */
  readonly version?: string;
}
