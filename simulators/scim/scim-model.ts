import type { JsonObject } from '../../core/json.js';

/** The resource types that the simulator serves (RFC 7643 §4). */
export const SCIM_RESOURCE_TYPES = ['User', 'Group'] as const;

export type ScimResourceType = (typeof SCIM_RESOURCE_TYPES)[number];

/** Path segment of each type's collection. */
export const COLLECTIONS: Record<ScimResourceType, string> = { User: 'Users', Group: 'Groups' };

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Error keywords of RFC 7644 §3.12 and RFC 9865 §4. */
export type ScimErrorType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount';

/** A refusal that the simulator answers as a SCIM error body (RFC 7644 §3.12). */
export class ScimProblem extends Error {
  override readonly name = 'ScimProblem';

  constructor(
    readonly status: number,
    readonly detail: string,
    readonly scimType?: ScimErrorType,
  ) {
    super(detail);
  }

  /** The body of the answer, in the words of SCIM or of UAA. */
  toBody(form: 'scim' | 'uaa' = 'scim'): JsonObject {
    if (form === 'uaa') {
      const error = this.status === 409 ? 'scim_resource_already_exists' : 'scim';
      return { error, error_description: this.detail, message: this.detail };
    }
    return {
      schemas: [ERROR_SCHEMA],
      status: String(this.status),
      ...(this.scimType === undefined ? {} : { scimType: this.scimType }),
      detail: this.detail,
    };
  }
}

/** Type of a collection's path segment, `undefined` for any other text. Case matters, as in most servers. */
export function typeOfCollection(segment: string): ScimResourceType | undefined {
  return SCIM_RESOURCE_TYPES.find((type) => COLLECTIONS[type] === segment);
}
