"""What somebody types into the guide who has it all right: a key for the stand-in broker, and the test's database."""

from django.db import connection

from stockdesk.simulator.testing import new_key

HTS_ID = "$ab@c#d%e"


def right_values() -> dict[str, str]:
    key, secret = new_key()
    at = connection.settings_dict
    socket = at["OPTIONS"].get("unix_socket")
    where = f"localhost/{at['NAME']}?unix_socket={socket}" if socket else f"{at['HOST']}:{at['PORT']}/{at['NAME']}"
    return {
        "host": "real", "app_key": key, "app_secret": secret, "account": "50123456-01", "hts_id": HTS_ID,
        "database_url": f"mysql://{at['USER']}@{where}", "database_password": at["PASSWORD"], "dart_key": "",
        "data_go_kr_key": "x+y/z==",
    }  # fmt: skip
