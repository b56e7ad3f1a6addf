"""Why an alert is there: its rule played again over the stored samples, told in plain words."""

from fastapi import APIRouter

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.explain_models import Explanation
from service.api.problems import documented
from service.api.routers.alerts import AlertId, events_of, find_alert
from service.explain.gather import explain

router = APIRouter(prefix=PREFIX, tags=["alerts"])


@router.get("/alerts/{alert_id}/explain", response_model=Explanation, responses=documented(404, 503))
async def explain_alert(app: StateDep, caller: CallerDep, alert_id: AlertId) -> Json:
    """The samples, limits, timers and context that made an alert, in data and in sentences (Chinese and English).

    The rule, as it was in force then, is played over the stored samples as they were received: `proof` tells whether
    that raises the very same alert. Where samples are gone by retention, it says so.
    """
    alert = await find_alert(app, caller.scope, str(alert_id))
    events, _ = await events_of(app, caller.scope, alert)
    return Json(await explain(app.view, caller.scope, alert, events))
