"""The stored procedure and the EVENT that turn closed minutes into bars; `market.bars` puts them in place.

The procedure takes the time as its argument, so that a test can be its clock; the EVENT passes ``NOW(6)``, which is
Seoul's because an EVENT keeps the time zone of the session that made it, and so it keeps the strict sql_mode.
"""

PROCEDURE = "market_roll_bars"
EVENT = "market_bars"

#: Rows moved in one transaction, and deleted by age in one run and interval.
MOVED_AT_ONCE = 5_000
PURGED_AT_ONCE = 5_000
#: A bar in the making that nobody closed so many minutes after its end has lost its daemon.
ORPHAN_MINUTES = 3


def floored(moment: str, minutes: str) -> str:
    """SQL for the beginning of the bar of so many minutes in which ``moment`` lies."""
    return (
        f"TIMESTAMP(DATE({moment})) + INTERVAL "
        f"FLOOR((HOUR({moment}) * 60 + MINUTE({moment})) / {minutes}) * {minutes} MINUTE"
    )


def window(moment: str) -> str:
    """The same, with what is printed at the close put into the last bar before it."""
    inside = f"IF({moment} >= v_close AND {moment} < v_closing_to, v_close - INTERVAL 1 MINUTE, {moment})"
    return floored(inside, "v_minutes")


_FIGURES = (
    "open = VALUES(open), high = VALUES(high), low = VALUES(low), close = VALUES(close), volume = VALUES(volume)"
)
_COLUMNS = "(symbol, `interval`, starts_at, open, high, low, close, volume)"


def _rolled(minutes: str, source: str, groups: str) -> str:
    """Bars of ``minutes`` from those of ``source``; ``groups`` selects symbol, at and the span of their sources."""
    return f"""
        INSERT INTO market_bar {_COLUMNS}
        SELECT g.symbol, {minutes}, g.at, f.open, g.high, g.low, l.close, g.volume
        FROM ({groups}) g
        JOIN market_bar f ON f.symbol = g.symbol AND f.`interval` = {source} AND f.starts_at = g.first_at
        JOIN market_bar l ON l.symbol = g.symbol AND l.`interval` = {source} AND l.starts_at = g.last_at
        ON DUPLICATE KEY UPDATE {_FIGURES};"""


_GROUPED = (
    "MIN(b.starts_at) first_at, MAX(b.starts_at) last_at, MAX(b.high) high, MIN(b.low) low, SUM(b.volume) volume"
)

_LONGER = _rolled(
    "v_minutes",
    "v_source",
    f"""SELECT b.symbol, a.at, {_GROUPED}
            FROM (SELECT DISTINCT symbol, {window("starts_at")} at FROM market_closedbar
                  WHERE moving AND DATE(starts_at) = v_on) a
            JOIN market_bar b ON b.symbol = a.symbol AND b.`interval` = v_source AND b.starts_at >= a.at
                AND b.starts_at < a.at + INTERVAL v_minutes + v_reach MINUTE
            WHERE v_source > 1 OR {window("b.starts_at")} = a.at
            GROUP BY b.symbol, a.at""",
)

# From the bars of five minutes: a day has 390 minutes, and each is rolled a minute after the other.
_DAYS = _rolled(
    "1440",
    "5",
    f"""SELECT b.symbol, TIMESTAMP(v_on) at, {_GROUPED}
            FROM (SELECT DISTINCT symbol FROM market_closedbar
                  WHERE moving AND starts_at >= v_open AND starts_at < v_closing_to) a
            JOIN market_bar b ON b.symbol = a.symbol AND b.`interval` = 5
                AND b.starts_at >= v_open AND b.starts_at < v_close
            GROUP BY b.symbol""",
)

# The hours of one date, from the calendar's tables as `stockdesk.hours` reads them.
_HOURS = """
        SET v_open = NULL, v_close = NULL, v_closing_to = NULL;
        IF v_around THEN
            SET v_open = TIMESTAMP(v_on), v_close = v_open + INTERVAL 1 DAY, v_closing_to = v_close;
        ELSE
            SET v_timetable = COALESCE((SELECT IF(override_timetable <> '', override_timetable, timetable)
                FROM market_marketday WHERE bass_dt = v_on), 'regular');
            SELECT TIMESTAMP(v_on, MIN(IF(code = 'regular', hours_from, NULL))),
                   TIMESTAMP(v_on, COALESCE(MAX(IF(code = 'close_call', hours_to, NULL)),
                                            MAX(IF(code = 'regular', hours_to, NULL)))),
                   TIMESTAMP(v_on, MAX(IF(code = 'post_close_price', hours_to, NULL)))
            INTO v_open, v_close, v_closing_to
            FROM market_sessionwindow
            WHERE venue = 'KRX' AND timetable = v_timetable COLLATE utf8mb4_bin AND effective_from <= v_on
                AND (effective_to IS NULL OR effective_to >= v_on);
            SET v_open = COALESCE(v_open, TIMESTAMP(v_on)),
                v_close = COALESCE(v_close, TIMESTAMP(v_on) + INTERVAL 1 DAY);
            SET v_closing_to = GREATEST(COALESCE(v_closing_to, v_close), v_close + INTERVAL 1 MINUTE);
        END IF;"""

BODY = f"""
(IN p_now DATETIME(6))
MODIFIES SQL DATA
COMMENT '{{mark}}'
BEGIN
    DECLARE v_lock VARCHAR(190) DEFAULT CONCAT(DATABASE(), '.{PROCEDURE}');
    DECLARE v_moved INT DEFAULT 1;
    DECLARE v_around BOOL DEFAULT FALSE;
    DECLARE v_no_more BOOL DEFAULT FALSE;
    DECLARE v_on DATE;
    DECLARE v_timetable VARCHAR(8) CHARACTER SET utf8mb4;
    DECLARE v_open, v_close, v_closing_to, v_oldest DATETIME;
    DECLARE v_minutes, v_source, v_reach, v_keep INT;
    DECLARE v_error TEXT;
    DECLARE dates CURSOR FOR SELECT DISTINCT DATE(starts_at) FROM market_closedbar WHERE moving;
    DECLARE rules CURSOR FOR SELECT `interval`, keep_days FROM market_barrule ORDER BY `interval`;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_no_more = TRUE;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET DIAGNOSTICS CONDITION 1 v_error = MESSAGE_TEXT;
        ROLLBACK;
        UPDATE market_barstate SET last_error = LEFT(v_error, 200), last_error_at = p_now;
        DO RELEASE_LOCK(v_lock);
        RESIGNAL;
    END;

    IF GET_LOCK(v_lock, 0) = 1 THEN
    -- An EVENT runs as the server is set, mostly REPEATABLE READ: reading the quotes to insert from them would lock
    -- them all, and a flush that meets it halfway waits, or dies of a deadlock.
    SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SELECT COALESCE(MAX(around_the_clock), FALSE) INTO v_around FROM market_barstate;
    SELECT p_now - INTERVAL COALESCE(MAX(keep_days), 1) DAY INTO v_oldest FROM market_barrule WHERE `interval` = 1;

    -- Minutes that their daemon did not live to close: the quote's row is all that is known of them.
    INSERT IGNORE INTO market_closedbar (symbol, starts_at, open, high, low, close, volume)
    SELECT q.stck_shrn_iscd, q.bar_at, q.bar_open, q.bar_high, q.bar_low, q.bar_close, q.bar_volume
    FROM market_quote q
    LEFT JOIN market_bar b ON b.symbol = q.stck_shrn_iscd AND b.`interval` = 1 AND b.starts_at = q.bar_at
    WHERE q.bar_at < p_now - INTERVAL {ORPHAN_MINUTES} MINUTE AND q.bar_at >= v_oldest
        AND (q.closed_bar_at IS NULL OR q.closed_bar_at < q.bar_at) AND b.symbol IS NULL;
    -- Rolled again from minutes of which some are gone already, a bar would lose what it has.
    DELETE FROM market_closedbar WHERE starts_at < v_oldest;

    WHILE v_moved > 0 DO
        START TRANSACTION;
        UPDATE market_closedbar SET moving = TRUE ORDER BY symbol, starts_at LIMIT {MOVED_AT_ONCE};
        SELECT COUNT(*) INTO v_moved FROM market_closedbar WHERE moving;
        INSERT INTO market_bar {_COLUMNS}
        SELECT symbol, 1, starts_at, open, high, low, close, volume FROM market_closedbar WHERE moving
        ON DUPLICATE KEY UPDATE {_FIGURES};
        SET v_no_more = FALSE;
        OPEN dates;
        each_date: LOOP
            FETCH dates INTO v_on;
            IF v_no_more THEN LEAVE each_date; END IF;
            {_HOURS}
            SET v_source = 1, v_minutes = 5, v_reach = TIMESTAMPDIFF(MINUTE, v_close, v_closing_to);
            WHILE v_minutes <= 60 DO
                {_LONGER}
                SET v_source = v_minutes, v_reach = 0;
                SET v_minutes = CASE v_minutes WHEN 5 THEN 15 WHEN 15 THEN 60 ELSE 1440 END;
            END WHILE;
            {_DAYS}
            SET v_no_more = FALSE;
        END LOOP;
        CLOSE dates;
        DELETE FROM market_closedbar WHERE moving;
        COMMIT;
    END WHILE;

    SET v_no_more = FALSE;
    OPEN rules;
    each_rule: LOOP
        FETCH rules INTO v_minutes, v_keep;
        IF v_no_more THEN LEAVE each_rule; END IF;
        DELETE FROM market_bar WHERE `interval` = v_minutes AND starts_at < p_now - INTERVAL v_keep DAY
            ORDER BY `interval`, starts_at LIMIT {PURGED_AT_ONCE};
    END LOOP;
    CLOSE rules;
    DELETE FROM market_bargap WHERE ends_at < v_oldest LIMIT {PURGED_AT_ONCE};
    INSERT INTO market_barstate (number, ran_at) VALUES (1, p_now)
        ON DUPLICATE KEY UPDATE ran_at = VALUES(ran_at), last_error = '', last_error_at = NULL;
    DO RELEASE_LOCK(v_lock);
    END IF;
END
"""

# Five seconds past the minute: the daemon closes it after two, and writes it with its next flush.
SCHEDULE = """
ON SCHEDULE EVERY {every} SECOND STARTS '2026-01-01 00:00:05'
ON COMPLETION PRESERVE {status}
COMMENT '{mark}'
DO CALL market_roll_bars(NOW(6))
"""
