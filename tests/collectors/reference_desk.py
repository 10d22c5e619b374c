"""The programs of the batch jobs as processes of a test: the daemon that opens them and the cluster that works."""

from collections.abc import Callable

from stockdesk.simulator.testing import RunningSimulator, new_key
from tests.programs import Programs, Running

KEY, SECRET = new_key()
StartJobs = Callable[..., Running]


def starter(programs: Programs, environment: Callable[..., dict[str, str]], simulator: RunningSimulator) -> StartJobs:
    """Starts commands of ``manage.py`` on this simulator; without keys the public sources are left alone."""

    def start(*arguments: str, **variables: str) -> Running:
        env = environment(
            **{
                "KIS_REST_URL": simulator.rest_url,
                "KIS_MASTER_URL": f"{simulator.rest_url}/common/master",
                "DART_API_KEY": "",
                "DATA_GO_KR_KEY": "",
                "KIS_WS_URL": simulator.ws_url,
                "KIS_APP_KEY": KEY,
                "KIS_APP_SECRET": SECRET,
                "KIS_ACCOUNT": "",
                "KIS_HTS_ID": "toyuser",
                "DESK_DEMO": "1",
                "BACKUP_DIR": str(programs.logs / "backups"),
                **variables,
            }
        )
        return programs.start(*arguments, env=env)

    return start
