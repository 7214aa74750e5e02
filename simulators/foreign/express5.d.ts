/** The same package under a second name; for what is used here both versions have the same types. */
declare module 'express5' {
  export { default } from 'express';
}
