export { addRecipient, listRecipients, removeRecipient } from './recipients.js';
export type { AddedRecipient, NewRecipient, Recipient, RecipientList } from './recipients.js';
export { countUndeliverable, listMails, readStreak } from './views.js';
export type { MailView, StreakView } from './views.js';
