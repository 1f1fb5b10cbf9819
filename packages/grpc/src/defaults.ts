/** The largest message either side takes or sends. grpc-go's own default of 4 MiB is too small for real plugins. */
export const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** How long a graceful close waits for open calls. */
export const DEFAULT_GRACE_MS = 5000;
