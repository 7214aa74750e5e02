/** Where a connector is about to send something. */
export interface ReachedPlace {
  readonly protocol: 'http' | 'https' | 'ldap' | 'ldaps';
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** With query, of HTTP. */
  readonly path?: string;
}

/** Throws for places that may not be reached. */
export type ReachGuard = (place: ReachedPlace) => void;
