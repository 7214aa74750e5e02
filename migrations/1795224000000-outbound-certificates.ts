import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Client certificates of systems, the authority that issues them, and who is told of their end (CRT). */
export class OutboundCertificates1795224000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of REVERSED) await runner.query(statement);
  }
}

const STATEMENTS = [
  'alter table system add column renews_certificate boolean not null default false',
  // Made with the first certificate of the installation.
  'alter table installation add column authority_certificate text, add column sealed_authority_key bytea',

  // certificate: PEM. sealed_key: PKCS #8 in PEM, sealed for this system and certificate. told_days: see core/certificates/expiry.ts.
  `create table outbound_certificate (
     id uuid primary key,
     system_no int not null references system on delete cascade,
     active boolean not null,
     certificate text not null,
     sealed_key bytea not null,
     valid_until timestamptz not null,
     told_days int,
     created_by text not null,
     created_at timestamptz not null default now())`,
  'create index outbound_certificate_system on outbound_certificate (system_no)',
  'create unique index outbound_certificate_active on outbound_certificate (system_no) where active',

  // Those who are told of the certificates of a system are subscribed apart from those who are told of its jobs (CRT-8); targets have some too.
  'alter table notification_recipient rename column source_id to system_no',
  `alter table notification_recipient add column list text not null default 'jobs'`,
  'drop index notification_recipient_email',
  'create unique index notification_recipient_email on notification_recipient (system_no, list, lower(email))',
  'alter table mail_event rename column source_id to system_no',
];

const REVERSED = [
  `delete from mail_event where kind in ('certificateRenewed', 'certificateExpires')`,
  'alter table mail_event rename column system_no to source_id',
  `delete from notification_recipient where list <> 'jobs'`,
  'drop index notification_recipient_email',
  'alter table notification_recipient drop column list',
  'alter table notification_recipient rename column system_no to source_id',
  'create unique index notification_recipient_email on notification_recipient (source_id, lower(email))',
  'drop table outbound_certificate',
  'alter table installation drop column sealed_authority_key, drop column authority_certificate',
  'alter table system drop column renews_certificate',
];
