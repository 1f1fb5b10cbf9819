import type { Admin } from "../domain/admin.ts";

/** Where administrators live. Implemented by `store/`; every method may reject with `ERR_STORE`. */
export interface AdminStore {
  findAdmin(username: string): Promise<Admin | undefined>;
  /** All of them, in the order of their names: there are few. */
  listAdmins(): Promise<readonly Admin[]>;
  /** Rejects with `ERR_ADMIN_EXISTS`. */
  addAdmin(admin: Admin): Promise<Admin>;
  /** Rejects with `ERR_ADMIN_NOT_FOUND`. */
  updateAdmin(admin: Admin): Promise<Admin>;
  /** False when there is no such admin. */
  removeAdmin(username: string): Promise<boolean>;
  recordAdminLogin(username: string, atMs: number): Promise<void>;
}
