import type { PluginSelfDescription } from "../serve/run-by-hand.ts";

/** The configuration of a kms plugin, as one that stands for AWS: a server knows five schemes and what goes with each. */
export function describeKms(): PluginSelfDescription {
  return {
    type: "kms",
    purpose: "encrypts and decrypts the secrets that the server stores",
    options: { kms_options: { scheme: "awskms", encrypted_status: "AWS" } },
    advice:
      'Set "url" of the section "kms.secrets" to a text that begins with the scheme, awskms://, for new secrets to come here. ' +
      "Other schemes, each with its encrypted_status: gcpkms (GCP), hashivault (VaultTransit), azurekeyvault " +
      "(AzureKeyVault), ocikeyvault (OracleKeyVault).",
  };
}
