import { z } from 'zod';
import { instant } from '../common/paging.schemas.js';
import { addRecipientBody, recipientView } from '../notifications/notifications.schemas.js';

export const certificateParameter = z.guid({ error: 'must be the id (UUID) of a certificate' });

export const certificateView = z.object({
  id: z.guid(),
  status: z.enum(['Active', 'Inactive']),
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string(),
  signatureAlgorithm: z.string(),
  keySize: z.int().describe('Bits'),
  validFrom: instant,
  validUntil: instant.describe('Cannot be extended'),
  fingerprint: z.string().describe('SHA-256; what tells the two certificates of a system apart'),
  createdBy: z.string(),
  createdAt: instant,
  warning: z.string().nullable().describe('Of the active one: from 30 days before it expires'),
});
export type CertificateView = z.infer<typeof certificateView>;

export const generatedCertificate = certificateView.extend({
  message: z.literal('Certificate generated successfully'),
});
export type GeneratedCertificate = z.infer<typeof generatedCertificate>;

export const certificateList = z.object({
  items: z.array(certificateView).describe('Two at most, the active one first'),
  canGenerate: z.boolean(),
  cannotGenerate: z.string().nullable().describe('Why not'),
  automaticRegeneration: z.boolean(),
  authority: z
    .string()
    .nullable()
    .describe('Certificate of the authority of this installation, PEM; it issues all of them'),
  undeliverableMails: z.int().describe('Mails about certificates of the last 30 days that could not be delivered'),
});
export type CertificateList = z.infer<typeof certificateList>;

export const regenerationBody = z.strictObject({
  enabled: z.boolean().describe('true: 14 days before it expires the active certificate is replaced by a new one'),
});
export type RegenerationBody = z.infer<typeof regenerationBody>;

export const regenerationView = z.object({
  enabled: z.boolean(),
  warning: z.string().nullable().describe('What to think of when it is on'),
});
export type RegenerationView = z.infer<typeof regenerationView>;

export const addCertificateRecipientBody = addRecipientBody.omit({ topics: true });
export type AddCertificateRecipient = z.infer<typeof addCertificateRecipientBody>;

export const certificateRecipientView = recipientView.omit({ topics: true });
export type CertificateRecipientView = z.infer<typeof certificateRecipientView>;

export const certificateRecipientList = z.object({
  items: z.array(certificateRecipientView),
  mailServer: z.enum(['configured', 'missing']).describe('missing: nothing can be sent to anybody'),
});
export type CertificateRecipientList = z.infer<typeof certificateRecipientList>;
