import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CERTIFICATE_TOPIC } from '../../core/notifications/topics.js';
import type { Recipient } from '../../state/notifications/index.js';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { isoInstant, systemIdParameter } from '../common/paging.schemas.js';
import { recipientParameter } from '../notifications/notifications.schemas.js';
import { RecipientListsService } from '../notifications/recipient-lists.service.js';
import type { ListOfSystem } from '../notifications/recipient-lists.service.js';
import { SystemLookup } from '../systems/system-lookup.js';
import {
  addCertificateRecipientBody,
  certificateRecipientList,
  certificateRecipientView,
} from './certificates.schemas.js';
import type {
  AddCertificateRecipient,
  CertificateRecipientList,
  CertificateRecipientView,
} from './certificates.schemas.js';

const systemId = { schema: systemIdParameter };
const problems = { 404: 'There is no such system or recipient' };

/** Who is told of the end of a system's certificates: apart from those who are told of its jobs (CRT-8). */
@ApiTags('Outbound certificates')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/certificate-recipients')
export class CertificateRecipientsController {
  constructor(
    @Inject(RecipientListsService) private readonly lists: RecipientListsService,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
  ) {}

  @Get()
  @Documented({
    summary: 'List who is told of the certificates of a system',
    response: certificateRecipientList,
    problems,
  })
  async list(@Param('systemId', systemId) id: string): Promise<CertificateRecipientList> {
    const items = await this.lists.recipients(await this.#listOf(id));
    return { items: items.map(toView), mailServer: this.lists.mailServer };
  }

  @Post()
  @Documented({
    summary: 'Subscribe somebody to the certificates of a system',
    description: 'Separate from subscriptions to its jobs.',
    status: 201,
    response: certificateRecipientView,
    problems: { ...problems, 409: 'The address is subscribed, there are too many, or no mail server is configured' },
  })
  async add(
    @Param('systemId', systemId) id: string,
    @Body({ schema: addCertificateRecipientBody }) body: AddCertificateRecipient,
    @Caller() caller: Principal,
  ): Promise<CertificateRecipientView> {
    return toView(await this.lists.add(await this.#listOf(id), { ...body, topics: [CERTIFICATE_TOPIC] }, caller));
  }

  @Delete(':recipientId')
  @HttpCode(204)
  @Documented({ summary: 'Unsubscribe a recipient; mails that wait for it are not sent', status: 204, problems })
  async remove(
    @Param('systemId', systemId) id: string,
    @Param('recipientId', { schema: recipientParameter }) recipientId: string,
  ): Promise<void> {
    await this.lists.remove(await this.#listOf(id), recipientId);
  }

  async #listOf(id: string): Promise<ListOfSystem> {
    const { no, name } = await this.systems.require(id);
    return { no, name, list: 'certificates' };
  }
}

function toView({ id, name, email, addedBy, addedAt }: Recipient): CertificateRecipientView {
  return { id, name, email, addedBy, addedAt: isoInstant(addedAt) };
}
