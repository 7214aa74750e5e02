import type { JsonObject } from '../core/json.js';

/** Description of one property for API, console and validation (CONN-CORE-81). */
export interface PropertyDescriptor {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'secret' | 'boolean' | 'integer' | 'enum' | 'url' | 'filter';
  readonly roles: readonly ('source' | 'target')[];
  readonly description: string;
  /** Value assumed when the property is absent. */
  readonly defaultValue?: string;
  /** Value that a new system is created with (SYS-6); may differ from `defaultValue`. */
  readonly predefinedValue?: string;
  readonly required?: boolean;
  readonly values?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** What API and console show of a system type. */
export interface ConnectorDescriptor {
  /** Exactly the documented system type name, for example `SCIM System`. */
  readonly typeName: string;
  readonly roles: readonly ('source' | 'target')[];
  /** For example `scim` (PRP-190). */
  readonly prefix: string;
  readonly properties: readonly PropertyDescriptor[];
  /** Documented names that are not offered, yet no slip: accepted without a warning unless `ConnectorFactory.validate` objects. */
  readonly toleratedNames?: readonly string[];
  /** Transformation documents a new system is created with (SYS-6). */
  readonly defaultTransformations: { readonly read?: JsonObject; readonly write?: JsonObject };
}

/** A remark on one property; the message holds no value of a credential. */
export interface PropertyFinding {
  readonly property: string;
  readonly message: string;
}

/** What a connector lets an administrator say about one system that differs from others of its type, as JSON. */
export interface EditableProfile {
  /** Property that holds the differences, as JSON text. */
  readonly property: string;
  /** Everything that may be changed, with the values in force. Pure. */
  inForce(properties: Readonly<Record<string, string>>): JsonObject;
  /** What is wrong with differences, each place as a JSON pointer; empty when nothing is. */
  problems(differences: JsonObject): readonly { readonly pointer: string; readonly message: string }[];
}
