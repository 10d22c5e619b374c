"""Tick records and frames for the tests of the buffer and the writer."""

from stockdesk.kis.fields import H0STCNT0


def record(symbol: str = "005930", width: int = 47, **fields: object) -> str:
    """One H0STCNT0 record; fields by KIS's column names."""
    values = {
        "MKSC_SHRN_ISCD": symbol,
        "STCK_CNTG_HOUR": "093000",
        "STCK_PRPR": "70500",
        "PRDY_VRSS_SIGN": "5",
        "PRDY_VRSS": "-500",
        "PRDY_CTRT": "-0.70",
        "STCK_OPRC": "71000",
        "STCK_HGPR": "71200",
        "STCK_LWPR": "70300",
        "ASKP1": "70600",
        "BIDP1": "70500",
        "CNTG_VOL": "10",
        "ACML_VOL": "1000",
        "ACML_TR_PBMN": "70500000",
        "CTTR": "101.25",
        "BSOP_DATE": "20261120",
        "TRHT_YN": "N",
        "MARKET_CLS_CODE": "2",
    } | {name: str(value) for name, value in fields.items()}
    unknown = values.keys() - set(H0STCNT0)
    assert not unknown, unknown
    return "^".join([*(values.get(name, "0") for name in H0STCNT0), "", "", ""][:width])


def frame(*records: str, tr_id: str = "H0STCNT0") -> bytes:
    return f"0|{tr_id}|{len(records):03d}|{'^'.join(records)}".encode()
