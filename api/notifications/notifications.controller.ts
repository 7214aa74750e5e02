import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import {
  addRecipientBody,
  notificationsQuery,
  notificationsView,
  recipientList,
  recipientParameter,
  recipientView,
} from './notifications.schemas.js';
import type {
  AddRecipient,
  NotificationsQuery,
  NotificationsView,
  RecipientList,
  RecipientView,
} from './notifications.schemas.js';
import { NotificationsService } from './notifications.service.js';

const systemId = { schema: systemIdParameter };
const problems = { 404: 'There is no such source' };

@ApiTags('Notifications')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId')
export class NotificationsController {
  constructor(@Inject(NotificationsService) private readonly notifications: NotificationsService) {}

  @Get('notifications')
  @Documented({
    summary: 'Read what is to be told of the jobs of a source',
    description: 'Failed jobs in a row, and the mails of the last 30 days with what became of them.',
    response: notificationsView,
    problems,
  })
  read(
    @Param('systemId', systemId) id: string,
    @Query({ schema: notificationsQuery }) query: NotificationsQuery,
  ): Promise<NotificationsView> {
    return this.notifications.read(id, query);
  }

  @Get('recipients')
  @Documented({ summary: 'List who is told of the jobs of a source', response: recipientList, problems })
  list(@Param('systemId', systemId) id: string): Promise<RecipientList> {
    return this.notifications.recipients(id);
  }

  @Post('recipients')
  @Documented({
    summary: 'Subscribe somebody to the jobs of a source',
    description: 'Each recipient gets messages of its own and sees no other address.',
    status: 201,
    response: recipientView,
    problems: { ...problems, 409: 'The address is subscribed, there are too many, or no mail server is configured' },
  })
  add(
    @Param('systemId', systemId) id: string,
    @Body({ schema: addRecipientBody }) body: AddRecipient,
    @Caller() caller: Principal,
  ): Promise<RecipientView> {
    return this.notifications.add(id, body, caller);
  }

  @Delete('recipients/:recipientId')
  @HttpCode(204)
  @Documented({ summary: 'Unsubscribe a recipient; mails that wait for it are not sent', status: 204, problems })
  remove(
    @Param('systemId', systemId) id: string,
    @Param('recipientId', { schema: recipientParameter }) recipientId: string,
  ): Promise<void> {
    return this.notifications.remove(id, recipientId);
  }
}
