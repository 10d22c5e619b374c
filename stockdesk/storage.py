"""Where the web server takes its static files from."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names inside JavaScript modules too, so that a browser never mixes two versions of the page."""

    support_js_module_import_aggregation = True
