import type { JsonInteger, SftpgoSecret } from "./sftpgo-user.ts";

/** Where files are stored. Only the block that `provider` names counts; a server clears the others. */
export interface SftpgoFilesystem {
  /** 0 local, 1 S3, 2 GCS, 3 Azure Blob, 4 encrypted local, 5 SFTP, 6 HTTP. */
  readonly provider?: number;
  readonly osconfig?: SftpgoOsConfig;
  readonly s3config?: SftpgoS3Config;
  readonly gcsconfig?: SftpgoGcsConfig;
  readonly azblobconfig?: SftpgoAzureBlobConfig;
  readonly cryptconfig?: SftpgoCryptConfig;
  readonly sftpconfig?: SftpgoSftpConfig;
  readonly httpconfig?: SftpgoHttpConfig;
}

/** A local disk. */
export interface SftpgoOsConfig {
  /** MB, as `write_buffer_size`. */
  readonly read_buffer_size?: number;
  readonly write_buffer_size?: number;
}

/** S3 and what speaks its protocol. */
export interface SftpgoS3Config {
  readonly bucket?: string;
  readonly key_prefix?: string;
  readonly region?: string;
  readonly access_key?: string;
  readonly access_secret?: SftpgoSecret;
  readonly sse_customer_key?: SftpgoSecret;
  readonly role_arn?: string;
  readonly session_token?: string;
  readonly endpoint?: string;
  readonly storage_class?: string;
  readonly acl?: string;
  /** MB, as `download_part_size`. */
  readonly upload_part_size?: JsonInteger;
  readonly upload_concurrency?: number;
  /** Seconds, as `download_part_max_time`. */
  readonly upload_part_max_time?: number;
  readonly download_part_size?: JsonInteger;
  readonly download_concurrency?: number;
  readonly download_part_max_time?: number;
  readonly force_path_style?: boolean;
  readonly skip_tls_verify?: boolean;
}

/** Google Cloud Storage. */
export interface SftpgoGcsConfig {
  readonly bucket?: string;
  readonly key_prefix?: string;
  readonly credentials?: SftpgoSecret;
  /** 1: the machine's own. */
  readonly automatic_credentials?: number;
  readonly storage_class?: string;
  readonly acl?: string;
  /** MB. */
  readonly upload_part_size?: JsonInteger;
  /** Seconds. */
  readonly upload_part_max_time?: number;
}

/** Azure Blob Storage. */
export interface SftpgoAzureBlobConfig {
  readonly container?: string;
  readonly account_name?: string;
  readonly account_key?: SftpgoSecret;
  readonly sas_url?: SftpgoSecret;
  readonly endpoint?: string;
  readonly key_prefix?: string;
  /** MB, as `download_part_size`. */
  readonly upload_part_size?: JsonInteger;
  readonly upload_concurrency?: number;
  readonly download_part_size?: JsonInteger;
  readonly download_concurrency?: number;
  readonly use_emulator?: boolean;
  readonly access_tier?: string;
}

/** A local disk with encrypted files. */
export interface SftpgoCryptConfig extends SftpgoOsConfig {
  readonly passphrase?: SftpgoSecret;
}

/** Another SFTP server. */
export interface SftpgoSftpConfig {
  readonly endpoint?: string;
  readonly username?: string;
  readonly password?: SftpgoSecret;
  readonly private_key?: SftpgoSecret;
  readonly key_passphrase?: SftpgoSecret;
  readonly fingerprints?: readonly string[];
  readonly prefix?: string;
  readonly disable_concurrent_reads?: boolean;
  /** MB. */
  readonly buffer_size?: JsonInteger;
  readonly equality_check_mode?: number;
}

/** A server of SFTPGo's HTTP file system. */
export interface SftpgoHttpConfig {
  readonly endpoint?: string;
  readonly username?: string;
  readonly password?: SftpgoSecret;
  readonly api_key?: SftpgoSecret;
  readonly skip_tls_verify?: boolean;
  readonly equality_check_mode?: number;
}
