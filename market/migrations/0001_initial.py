import django.db.models.functions.datetime
from django.db import migrations, models

CODE = "varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ExecutionNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256, hexadecimal", max_length=64, unique=True, verbose_name="digest"
                    ),
                ),
                ("received_at", models.DateTimeField(db_index=True, verbose_name="received at")),
                ("session", models.PositiveSmallIntegerField(null=True, verbose_name="session")),
                ("tr_id", models.CharField(db_default="", default="", max_length=8, verbose_name="TR id")),
                ("account", models.CharField(db_column="acnt_no", db_default="", default="", max_length=10)),
                (
                    "order_no",
                    models.CharField(
                        db_column="oder_no", db_default="", default="", max_length=10, verbose_name="order no."
                    ),
                ),
                (
                    "original_order_no",
                    models.CharField(
                        db_column="ooder_no",
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="original order no.",
                    ),
                ),
                (
                    "side",
                    models.CharField(
                        db_column="seln_byov_cls",
                        db_default="",
                        default="",
                        help_text="01 sell 02 buy",
                        max_length=2,
                        verbose_name="side",
                    ),
                ),
                (
                    "correction",
                    models.CharField(
                        db_column="rctf_cls",
                        db_default="",
                        default="",
                        help_text="0 none 1 amended 2 cancelled",
                        max_length=1,
                        verbose_name="correction",
                    ),
                ),
                (
                    "order_kind",
                    models.CharField(
                        db_column="oder_kind", db_default="", default="", max_length=2, verbose_name="order kind"
                    ),
                ),
                (
                    "order_condition",
                    models.CharField(
                        db_column="oder_cond",
                        db_default="",
                        default="",
                        help_text="0 none 1 IOC 2 FOK",
                        max_length=1,
                        verbose_name="order condition",
                    ),
                ),
                (
                    "symbol",
                    models.CharField(
                        db_column="stck_shrn_iscd",
                        db_default="",
                        db_index=True,
                        default="",
                        max_length=9,
                        verbose_name="symbol",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        db_column="cntg_isnm40", db_default="", default="", max_length=40, verbose_name="name"
                    ),
                ),
                (
                    "quantity",
                    models.PositiveBigIntegerField(
                        db_column="cntg_qty", help_text="shares", null=True, verbose_name="quantity"
                    ),
                ),
                (
                    "price",
                    models.PositiveIntegerField(
                        db_column="cntg_unpr", help_text="KRW", null=True, verbose_name="price"
                    ),
                ),
                (
                    "order_quantity",
                    models.PositiveBigIntegerField(db_column="oder_qty", null=True, verbose_name="order quantity"),
                ),
                (
                    "order_price",
                    models.PositiveIntegerField(
                        db_column="oder_prc", help_text="KRW", null=True, verbose_name="order price"
                    ),
                ),
                ("traded_at", models.DateTimeField(null=True, verbose_name="traded at")),
                ("refused", models.BooleanField(db_default=False, default=False, verbose_name="refused")),
                ("filled", models.BooleanField(db_default=False, default=False, verbose_name="fill")),
                (
                    "acceptance",
                    models.CharField(
                        db_column="acpt_yn",
                        db_default="",
                        default="",
                        help_text="1 accepted 2 confirmed 3 cancelled",
                        max_length=1,
                        verbose_name="acceptance",
                    ),
                ),
                (
                    "branch_no",
                    models.CharField(
                        db_column="brnc_no", db_default="", default="", max_length=5, verbose_name="branch no."
                    ),
                ),
                (
                    "exchange",
                    models.CharField(
                        db_column="ord_exg_gb", db_default="", default="", max_length=2, verbose_name="exchange"
                    ),
                ),
                (
                    "credit_class",
                    models.CharField(
                        db_column="crdt_cls", db_default="", default="", max_length=2, verbose_name="credit class"
                    ),
                ),
                (
                    "credit_loan_on",
                    models.DateField(db_column="crdt_loan_date", null=True, verbose_name="credit loan date"),
                ),
            ],
            options={
                "verbose_name": "execution notice",
                "verbose_name_plural": "execution notices",
                "ordering": ["-received_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="FeedSession",
            fields=[
                ("number", models.PositiveSmallIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("connecting", "connecting"),
                            ("live", "live"),
                            ("silent", "silent"),
                            ("parked", "parked"),
                            ("closed", "closed"),
                            ("waiting", "waiting"),
                        ],
                        db_default="closed",
                        default="closed",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "key_id",
                    models.CharField(
                        db_default="",
                        default="",
                        help_text="first digits of the app key's hash",
                        max_length=12,
                        verbose_name="key",
                    ),
                ),
                (
                    "wanted",
                    models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="registrations wanted"),
                ),
                (
                    "confirmed",
                    models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="registrations confirmed"),
                ),
                ("last_frame_at", models.DateTimeField(null=True, verbose_name="last frame")),
                ("connected_at", models.DateTimeField(null=True, verbose_name="connected at")),
                (
                    "connects_today",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="connects today"),
                ),
                ("next_connect_at", models.DateTimeField(null=True, verbose_name="next connect")),
                ("note", models.CharField(db_default="", default="", max_length=200, verbose_name="note")),
                ("updated_at", models.DateTimeField(null=True, verbose_name="updated at")),
            ],
            options={
                "verbose_name": "WebSocket session",
                "verbose_name_plural": "WebSocket sessions",
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Instrument",
            fields=[
                (
                    "symbol",
                    models.CharField(
                        db_collation="utf8mb4_bin",
                        max_length=9,
                        primary_key=True,
                        serialize=False,
                        verbose_name="symbol",
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                (
                    "market",
                    models.CharField(
                        choices=[("KOSPI", "KOSPI"), ("KOSDAQ", "KOSDAQ"), ("KONEX", "KONEX")],
                        max_length=8,
                        verbose_name="market",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("stock", "stock"), ("etf", "ETF"), ("etn", "ETN")],
                        db_default="stock",
                        default="stock",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "base_price",
                    models.PositiveIntegerField(blank=True, help_text="KRW", null=True, verbose_name="base price"),
                ),
                ("halted", models.BooleanField(db_default=False, default=False, verbose_name="trading halted")),
                (
                    "administrative",
                    models.BooleanField(
                        db_default=False, default=False, help_text="관리종목", verbose_name="administrative issue"
                    ),
                ),
                (
                    "alerted",
                    models.BooleanField(
                        db_default=False, default=False, help_text="투자경고·위험", verbose_name="investment alert"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name="updated at"
                    ),
                ),
            ],
            options={
                "verbose_name": "instrument",
                "verbose_name_plural": "instruments",
                "ordering": ["symbol"],
            },
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                (
                    "symbol",
                    models.CharField(
                        db_collation="utf8mb4_bin",
                        db_column="stck_shrn_iscd",
                        max_length=9,
                        primary_key=True,
                        serialize=False,
                        verbose_name="symbol",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True, db_column="hts_kor_isnm", max_length=40, null=True, verbose_name="name"
                    ),
                ),
                (
                    "last_price",
                    models.PositiveIntegerField(
                        db_column="stck_prpr", help_text="KRW", null=True, verbose_name="last price"
                    ),
                ),
                (
                    "change",
                    models.IntegerField(
                        db_column="prdy_vrss", help_text="KRW, against base price", null=True, verbose_name="change"
                    ),
                ),
                (
                    "sign",
                    models.CharField(
                        db_column="prdy_vrss_sign",
                        help_text="1 limit up 2 up 3 flat 4 limit down 5 down",
                        max_length=1,
                        null=True,
                        verbose_name="sign",
                    ),
                ),
                (
                    "change_rate",
                    models.DecimalField(
                        db_column="prdy_ctrt", decimal_places=2, max_digits=8, null=True, verbose_name="change rate"
                    ),
                ),
                ("open_price", models.PositiveIntegerField(db_column="stck_oprc", null=True, verbose_name="open")),
                ("high_price", models.PositiveIntegerField(db_column="stck_hgpr", null=True, verbose_name="high")),
                ("low_price", models.PositiveIntegerField(db_column="stck_lwpr", null=True, verbose_name="low")),
                ("ask_price", models.PositiveIntegerField(db_column="askp1", null=True, verbose_name="best ask")),
                ("bid_price", models.PositiveIntegerField(db_column="bidp1", null=True, verbose_name="best bid")),
                (
                    "tick_volume",
                    models.PositiveBigIntegerField(
                        db_column="cntg_vol", help_text="shares", null=True, verbose_name="tick volume"
                    ),
                ),
                (
                    "day_volume",
                    models.PositiveBigIntegerField(
                        db_column="acml_vol", help_text="shares", null=True, verbose_name="volume"
                    ),
                ),
                (
                    "day_amount",
                    models.PositiveBigIntegerField(
                        db_column="acml_tr_pbmn", help_text="KRW", null=True, verbose_name="amount"
                    ),
                ),
                (
                    "strength",
                    models.DecimalField(
                        db_column="cttr", decimal_places=2, max_digits=10, null=True, verbose_name="strength"
                    ),
                ),
                (
                    "base_price",
                    models.PositiveIntegerField(
                        db_column="stck_sdpr", help_text="KRW", null=True, verbose_name="base price"
                    ),
                ),
                (
                    "halted",
                    models.CharField(
                        db_column="trht_yn", help_text="Y or N", max_length=1, null=True, verbose_name="halted"
                    ),
                ),
                (
                    "market_phase",
                    models.CharField(
                        db_column="market_cls_code", max_length=1, null=True, verbose_name="market phase"
                    ),
                ),
                ("business_date", models.DateField(db_column="bsop_date", null=True, verbose_name="business date")),
                ("traded_at", models.DateTimeField(null=True, verbose_name="traded at")),
                ("received_at", models.DateTimeField(null=True, verbose_name="received at")),
                (
                    "source",
                    models.CharField(
                        db_default="", default="", help_text="ws or rest", max_length=8, verbose_name="source"
                    ),
                ),
                ("session", models.PositiveSmallIntegerField(null=True, verbose_name="session")),
                ("bar_at", models.DateTimeField(null=True, verbose_name="bar starts at")),
                ("bar_open", models.PositiveIntegerField(null=True)),
                ("bar_high", models.PositiveIntegerField(null=True)),
                ("bar_low", models.PositiveIntegerField(null=True)),
                ("bar_close", models.PositiveIntegerField(null=True)),
                ("bar_volume", models.PositiveBigIntegerField(null=True)),
                ("closed_bar_at", models.DateTimeField(null=True, verbose_name="closed bar starts at")),
                ("closed_bar_open", models.PositiveIntegerField(null=True)),
                ("closed_bar_high", models.PositiveIntegerField(null=True)),
                ("closed_bar_low", models.PositiveIntegerField(null=True)),
                ("closed_bar_close", models.PositiveIntegerField(null=True)),
                ("closed_bar_volume", models.PositiveBigIntegerField(null=True)),
                (
                    "updated_at",
                    models.DateTimeField(help_text="last write of this row", null=True, verbose_name="updated at"),
                ),
            ],
            options={
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "ordering": ["symbol"],
            },
        ),
        # The database may be the site's own, with an older default; names compare alike everywhere this way, and
        # codes, which find the rows, byte by byte.
        migrations.RunSQL(
            [
                *(
                    f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
                    for table in ("market_quote", "market_instrument", "market_feedsession", "market_executionnotice")
                ),
                f"ALTER TABLE market_quote MODIFY stck_shrn_iscd {CODE}",
                f"ALTER TABLE market_instrument MODIFY symbol {CODE}",
            ],
            migrations.RunSQL.noop,
        ),
    ]
