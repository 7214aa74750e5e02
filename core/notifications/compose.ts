/** A mail without its recipient; no line holds a line break of somebody else's. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A mail of blocks of lines and the one link to where administrators see more. */
export function composeMail(subject: string, blocks: readonly (readonly string[])[], link: string): MailText {
  return {
    subject,
    text: `${[...blocks.map((lines) => lines.join('\n')), `Navigate to details: ${link}`].join('\n\n')}\n`,
    html: `${[...blocks.map(paragraph), `<p><a href="${escapeHtml(link)}">Navigate to details</a></p>`].join('\n')}\n`,
  };
}

/** Names come from people: a line break in one must not become a header or a line of its own. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

function paragraph(lines: readonly string[]): string {
  return `<p>${lines.map(escapeHtml).join('<br>\n')}</p>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
