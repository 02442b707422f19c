"""Every route of the REST surface, in one list."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from seatwright.web.rest.accounts import ACCOUNT_ROUTES
from seatwright.web.rest.auto_claim import AUTO_CLAIM_ROUTES
from seatwright.web.rest.auto_claim_claims import AUTO_CLAIM_CLAIM_ROUTES
from seatwright.web.rest.auto_claim_notices import AUTO_CLAIM_NOTICE_ROUTES
from seatwright.web.rest.bulk import BULK_ROUTES
from seatwright.web.rest.catalog import CATALOG_ROUTES
from seatwright.web.rest.conflicts import CONFLICT_ROUTES
from seatwright.web.rest.deliveries import DELIVERY_ROUTES
from seatwright.web.rest.domains import DOMAIN_ROUTES
from seatwright.web.rest.dynamic import DYNAMIC_ROUTES
from seatwright.web.rest.group_licenses import GROUP_LICENSE_ROUTES
from seatwright.web.rest.groups import GROUP_ROUTES
from seatwright.web.rest.held import HELD_ROUTES
from seatwright.web.rest.history import HISTORY_ROUTES
from seatwright.web.rest.history_seals import HISTORY_SEAL_ROUTES
from seatwright.web.rest.history_timeline import HISTORY_TIMELINE_ROUTES
from seatwright.web.rest.holdings import HOLDINGS_ROUTES
from seatwright.web.rest.imports import IMPORT_ROUTES
from seatwright.web.rest.inbox import INBOX_ROUTES
from seatwright.web.rest.invitations import INVITATION_ROUTES
from seatwright.web.rest.jobs import JOB_ROUTES
from seatwright.web.rest.launch import LAUNCH_ROUTES
from seatwright.web.rest.license_impact import LICENSE_IMPACT_ROUTES
from seatwright.web.rest.license_requests import LICENSE_REQUEST_ROUTES
from seatwright.web.rest.licenses import LICENSE_ROUTES
from seatwright.web.rest.licenses_of_person import USER_LICENSE_ROUTES
from seatwright.web.rest.mail_templates import MAIL_TEMPLATE_ROUTES
from seatwright.web.rest.members import MEMBER_ROUTES
from seatwright.web.rest.moves import MOVE_ROUTES
from seatwright.web.rest.platform_apps import PLATFORM_APP_ROUTES
from seatwright.web.rest.platform_environments import PLATFORM_ENVIRONMENT_ROUTES
from seatwright.web.rest.platform_files import PLATFORM_FILE_ROUTES
from seatwright.web.rest.platform_flows import PLATFORM_FLOW_ROUTES
from seatwright.web.rest.platform_people import PLATFORM_PEOPLE_ROUTES
from seatwright.web.rest.platform_roles import PLATFORM_ROLE_ROUTES
from seatwright.web.rest.principals import PRINCIPAL_ROUTES
from seatwright.web.rest.reconcile import RECONCILE_ROUTES
from seatwright.web.rest.report_runs import REPORT_RUN_ROUTES
from seatwright.web.rest.report_schedules import REPORT_SCHEDULE_ROUTES
from seatwright.web.rest.reports import REPORT_ROUTES
from seatwright.web.rest.request_policies import REQUEST_POLICY_ROUTES
from seatwright.web.rest.seat_timeline import SEAT_TIMELINE_ROUTES
from seatwright.web.rest.settings import SETTINGS_ROUTES
from seatwright.web.rest.subscription_files import SUBSCRIPTION_FILE_ROUTES
from seatwright.web.rest.subscription_life import SUBSCRIPTION_LIFE_ROUTES
from seatwright.web.rest.subscriptions import SUBSCRIPTION_ROUTES
from seatwright.web.rest.templates import TEMPLATE_ROUTES
from seatwright.web.rest.true_up import TRUE_UP_ROUTES
from seatwright.web.rest.undo import UNDO_ROUTES
from seatwright.web.rest.users import USER_ROUTES
from seatwright.web.rest.webhooks import WEBHOOK_ROUTES
from seatwright.web.rest.why import WHY_ROUTES

ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    *AUTO_CLAIM_ROUTES,
    *AUTO_CLAIM_CLAIM_ROUTES,
    *AUTO_CLAIM_NOTICE_ROUTES,
    *BULK_ROUTES,
    *CATALOG_ROUTES,
    *CONFLICT_ROUTES,
    *HELD_ROUTES,
    *HISTORY_ROUTES,
    *HISTORY_SEAL_ROUTES,
    *HISTORY_TIMELINE_ROUTES,
    *TRUE_UP_ROUTES,
    *HOLDINGS_ROUTES,
    *INVITATION_ROUTES,
    *JOB_ROUTES,
    *IMPORT_ROUTES,
    *LAUNCH_ROUTES,
    *LICENSE_IMPACT_ROUTES,
    *LICENSE_REQUEST_ROUTES,
    *LICENSE_ROUTES,
    *GROUP_LICENSE_ROUTES,
    *GROUP_ROUTES,
    *DYNAMIC_ROUTES,
    *MEMBER_ROUTES,
    *MOVE_ROUTES,
    *PLATFORM_APP_ROUTES,
    *PLATFORM_ENVIRONMENT_ROUTES,
    *PLATFORM_FILE_ROUTES,
    *PLATFORM_FLOW_ROUTES,
    *PLATFORM_PEOPLE_ROUTES,
    *PLATFORM_ROLE_ROUTES,
    *PRINCIPAL_ROUTES,
    *ACCOUNT_ROUTES,
    *RECONCILE_ROUTES,
    *REPORT_ROUTES,
    *REPORT_RUN_ROUTES,
    *REPORT_SCHEDULE_ROUTES,
    *REQUEST_POLICY_ROUTES,
    *SEAT_TIMELINE_ROUTES,
    *SETTINGS_ROUTES,
    *DOMAIN_ROUTES,
    *USER_LICENSE_ROUTES,
    *USER_ROUTES,
    *SUBSCRIPTION_ROUTES,
    *SUBSCRIPTION_FILE_ROUTES,
    *SUBSCRIPTION_LIFE_ROUTES,
    *TEMPLATE_ROUTES,
    *UNDO_ROUTES,
    *DELIVERY_ROUTES,
    *INBOX_ROUTES,
    *MAIL_TEMPLATE_ROUTES,
    *WEBHOOK_ROUTES,
    *WHY_ROUTES,
)
