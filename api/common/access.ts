import { SetMetadata } from '@nestjs/common';

/** Who may call a handler: everybody, or a user of this role. The installation has administrators only so far. */
export type Access = 'public' | 'admin';

/** Metadata key under which a handler or its controller declares its {@link Access}. */
export const ACCESS = 'muster:access';

/** Needs no authentication. */
export const Public = () => SetMetadata<string, Access>(ACCESS, 'public');

/** Needs an administrator. */
export const AdminOnly = () => SetMetadata<string, Access>(ACCESS, 'admin');
