import { AdminUserEntity } from './admin-user.entity.js';
import { ApiTokenEntity } from './api-token.entity.js';
import { InstallationEntity } from './installation.entity.js';
import { ProgramEntity } from './program.entity.js';
import { SystemEntity } from './system.entity.js';
import { SystemPropertyEntity } from './system-property.entity.js';
import { SystemSourceEntity } from './system-source.entity.js';
import { TransformationVersionEntity } from './transformation-version.entity.js';

/** Every entity class of the configuration, listed by hand: globs break between `.ts` and `.js` and hide dead files. */
export const CONFIGURATION_ENTITIES = [
  AdminUserEntity,
  ApiTokenEntity,
  InstallationEntity,
  ProgramEntity,
  SystemEntity,
  SystemPropertyEntity,
  SystemSourceEntity,
  TransformationVersionEntity,
];
