import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import type { Config } from '../runtime/config.js';
import type { Logger } from '../runtime/logger.js';
import { AuthController } from './auth/auth.controller.js';
import { AuthGuard } from './auth/auth.guard.js';
import { AuthService } from './auth/auth.service.js';
import { CertificateRecipientsController } from './certificates/certificate-recipients.controller.js';
import { CertificatesController } from './certificates/certificates.controller.js';
import { CertificatesService } from './certificates/certificates.service.js';
import { ErrorFilter } from './common/error.filter.js';
import { RouteInventory } from './common/route-inventory.js';
import { UnknownRouteController } from './common/unknown-route.controller.js';
import { ValidationPipe } from './common/validation.pipe.js';
import { WaitingController } from './healing/waiting.controller.js';
import { WaitingService } from './healing/waiting.service.js';
import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { CONFIG, InfrastructureModule, LOGGER } from './infrastructure.js';
import type { Infrastructure } from './infrastructure.js';
import { IdentitiesController } from './identities/identities.controller.js';
import { JOB_LAUNCHER } from './jobs/job-launcher.js';
import type { JobLauncher } from './jobs/job-launcher.js';
import { JobsController } from './jobs/jobs.controller.js';
import { JobsService } from './jobs/jobs.service.js';
import { SimulationController } from './jobs/simulation.controller.js';
import { SimulationService } from './jobs/simulation.service.js';
import { ReconcilerLifecycle } from './jobs/reconciler-lifecycle.js';
import { TemporalJobLauncher } from './jobs/temporal-job-launcher.js';
import { LocationsController } from './locations/locations.controller.js';
import { LocationsService } from './locations/locations.service.js';
import { LogsController, PublicLogsController } from './logs/logs.controller.js';
import { ContentReader } from './logs/content-reader.js';
import { LogsService } from './logs/logs.service.js';
import { NotificationsController } from './notifications/notifications.controller.js';
import { NotificationsService } from './notifications/notifications.service.js';
import { RecipientListsService } from './notifications/recipient-lists.service.js';
import { ReleasedController } from './released/released.controller.js';
import { ReleasedService } from './released/released.service.js';
import { ScheduleLifecycle } from './schedules/schedule-lifecycle.js';
import { SchedulesController } from './schedules/schedules.controller.js';
import { SchedulesService } from './schedules/schedules.service.js';
import { ApprovalRulesController } from './plans/approval-rules.controller.js';
import { ApprovalRulesService } from './plans/approval-rules.service.js';
import { LiveReadService } from './plans/live-read.service.js';
import { PlansController } from './plans/plans.controller.js';
import { PlansService } from './plans/plans.service.js';
import { ConnectorCatalog } from './system-types/connector-catalog.js';
import { SystemTypesController } from './system-types/system-types.controller.js';
import { SystemTypesService } from './system-types/system-types.service.js';
import { ConnectionTestService } from './systems/connection-test.service.js';
import { OpenSystemService } from './systems/open-system.service.js';
import { ProbeService } from './systems/probe.service.js';
import { ProfileController } from './systems/profile.controller.js';
import { ProfileService } from './systems/profile.service.js';
import { PropertiesController } from './systems/properties.controller.js';
import { PropertiesService } from './systems/properties.service.js';
import { ResetController } from './systems/reset.controller.js';
import { ResetService } from './systems/reset.service.js';
import { SystemLookup } from './systems/system-lookup.js';
import { SystemsController } from './systems/systems.controller.js';
import { SystemsService } from './systems/systems.service.js';
import { PreviewController } from './transformations/preview.controller.js';
import { PreviewService } from './transformations/preview.service.js';
import { PreviewSidesService } from './transformations/preview-sides.service.js';
import { ProgramService } from './transformations/program.service.js';
import { TransformationsController } from './transformations/transformations.controller.js';
import { TransformationsService } from './transformations/transformations.service.js';
import { ValidationController } from './validation/validation.controller.js';
import { ValidationService } from './validation/validation.service.js';

/** What talks to Temporal: the launcher, and the reconciler on the same connection. */
const TEMPORAL_PROVIDERS: Provider[] = [
  {
    provide: TemporalJobLauncher,
    useFactory: (config: Config, log: Logger) => new TemporalJobLauncher(config.temporal, log),
    inject: [CONFIG, LOGGER],
  },
  { provide: JOB_LAUNCHER, useExisting: TemporalJobLauncher },
  ReconcilerLifecycle,
  ScheduleLifecycle,
];

/** The API: every controller and what it stands on. `launcher` replaces all that talks to
 * Temporal, for tests. */
@Module({})
export class AppModule {
  static of(infrastructure: Infrastructure, launcher?: JobLauncher): DynamicModule {
    return {
      module: AppModule,
      imports: [InfrastructureModule.of(infrastructure), DiscoveryModule],
      controllers: [
        HealthController,
        AuthController,
        SystemTypesController,
        SystemsController,
        PropertiesController,
        ProfileController,
        CertificatesController,
        CertificateRecipientsController,
        LocationsController,
        ResetController,
        ReleasedController,
        SchedulesController,
        WaitingController,
        NotificationsController,
        TransformationsController,
        PreviewController,
        ValidationController,
        JobsController,
        LogsController,
        PublicLogsController,
        IdentitiesController,
        SimulationController,
        PlansController,
        ApprovalRulesController,
        // Takes what is left, so it comes last.
        UnknownRouteController,
      ],
      providers: [
        { provide: APP_FILTER, useFactory: (log: Logger) => new ErrorFilter(log), inject: [LOGGER] },
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_PIPE, useClass: ValidationPipe },
        RouteInventory,
        AuthService,
        HealthService,
        ConnectorCatalog,
        SystemTypesService,
        SystemLookup,
        ProgramService,
        PropertiesService,
        SystemsService,
        ResetService,
        ReleasedService,
        SchedulesService,
        WaitingService,
        RecipientListsService,
        NotificationsService,
        CertificatesService,
        LocationsService,
        ConnectionTestService,
        OpenSystemService,
        ProfileService,
        ProbeService,
        TransformationsService,
        PreviewSidesService,
        PreviewService,
        ValidationService,
        JobsService,
        ContentReader,
        LogsService,
        SimulationService,
        LiveReadService,
        PlansService,
        ApprovalRulesService,
        ...(launcher === undefined ? TEMPORAL_PROVIDERS : [{ provide: JOB_LAUNCHER, useValue: launcher }]),
      ],
    };
  }
}
