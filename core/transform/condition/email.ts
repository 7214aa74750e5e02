const LOCAL_RUN = /^[A-Za-z0-9!#$%&'‘*+/=?^_`{|}~-]+$/;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9-]*$/;

/** An e-mail address in the sense of CND-23: dot-separated runs, `@`, at least two domain labels. */
export function isValidEmail(text: string): boolean {
  const at = text.indexOf('@');
  if (at === -1) return false;
  const labels = text.slice(at + 1).split('.');
  const local = text.slice(0, at).split('.');
  if (!local.every((run) => LOCAL_RUN.test(run))) return false;
  return labels.length >= 2 && labels.every((label) => LABEL.test(label)) && !text.endsWith('-');
}
