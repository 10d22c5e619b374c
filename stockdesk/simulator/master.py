"""The master files as KIS's file host has them: a zip with one cp949 file, one line per issue, columns by bytes.

Made from the world and from the document's list of widths, column by column; the desk's parser is not asked.
"""

import io
import zipfile
from collections.abc import Collection, Iterable

from stockdesk.simulator.world import Instrument, World

# (column, width) from left to right, as the document has them. What is not named below is filled with zeros or N.
_INDEXES_KOSPI = (
    ("scrt_grp_cls_code", 2), ("avls_scal_cls_code", 1), ("bstp_larg_div_code", 4), ("bstp_medm_div_code", 4),
    ("bstp_smal_div_code", 4), ("mnin_cls_code_yn", 1), ("low_current_yn", 1), ("sprn_strr_nmix_issu_yn", 1),
    ("kospi200_apnt_cls_code", 1), ("kospi100_issu_yn", 1), ("kospi50_issu_yn", 1), ("krx_issu_yn", 1),
    ("etp_prod_cls_code", 1), ("elw_pblc_yn", 1), ("krx100_issu_yn", 1), ("krx_car_yn", 1), ("krx_smcn_yn", 1),
    ("krx_bio_yn", 1), ("krx_bank_yn", 1), ("etpr_undt_objt_co_yn", 1), ("krx_enrg_chms_yn", 1), ("krx_stel_yn", 1),
    ("short_over_cls_code", 1), ("krx_medi_cmnc_yn", 1), ("krx_cnst_yn", 1), ("krx_fnnc_svc_yn", 1),
    ("krx_scrt_yn", 1), ("krx_ship_yn", 1), ("krx_insu_yn", 1), ("krx_trnp_yn", 1), ("sri_nmix_yn", 1),
)  # fmt: skip
_INDEXES_KOSDAQ = (
    ("scrt_grp_cls_code", 2), ("avls_scal_cls_code", 1), ("bstp_larg_div_code", 4), ("bstp_medm_div_code", 4),
    ("bstp_smal_div_code", 4), ("vntr_issu_yn", 1), ("low_current_yn", 1), ("krx_issu_yn", 1),
    ("etp_prod_cls_code", 1), ("krx100_issu_yn", 1), ("krx_car_yn", 1), ("krx_smcn_yn", 1), ("krx_bio_yn", 1),
    ("krx_bank_yn", 1), ("etpr_undt_objt_co_yn", 1), ("krx_enrg_chms_yn", 1), ("krx_stel_yn", 1),
    ("short_over_cls_code", 1), ("krx_medi_cmnc_yn", 1), ("krx_cnst_yn", 1), ("invt_alrm_yn", 1), ("krx_scrt_yn", 1),
    ("krx_ship_yn", 1), ("krx_insu_yn", 1), ("krx_trnp_yn", 1), ("ksq150_nmix_yn", 1),
)  # fmt: skip
_TRADING = (
    ("stck_sdpr", 9), ("frml_mrkt_deal_qty_unit", 5), ("ovtm_mrkt_deal_qty_unit", 5), ("trht_yn", 1), ("sltr_yn", 1),
    ("mang_issu_yn", 1), ("mrkt_alrm_cls_code", 2), ("mrkt_alrm_risk_adnt_yn", 1), ("insn_pbnt_yn", 1),
    ("byps_lstn_yn", 1), ("flng_cls_code", 2), ("fcam_mod_cls_code", 2), ("icic_cls_code", 2), ("marg_rate", 3),
    ("crdt_able", 1), ("crdt_days", 3), ("prdy_vol", 12), ("stck_fcam", 12), ("stck_lstn_date", 8),
    ("lstn_stcn", 15), ("cpfn", 21), ("stac_month", 2), ("po_prc", 7), ("prst_cls_code", 1), ("ssts_hot_yn", 1),
    ("stange_runup_yn", 1), ("krx300_issu_yn", 1),
)  # fmt: skip
_FIGURES = (
    ("sale_account", 9), ("bsop_prfi", 9), ("op_prfi", 9), ("thtr_ntin", 5), ("roe", 9), ("base_date", 8),
    ("prdy_avls_scal", 9), ("grp_code", 3), ("co_crdt_limt_over_yn", 1), ("secu_lend_able_yn", 1), ("stln_able_yn", 1),
)  # fmt: skip
TAILS: dict[str, tuple[tuple[str, int], ...]] = {
    "KOSPI": (*_INDEXES_KOSPI, *_TRADING, ("kospi_issu_yn", 1), *_FIGURES),
    "KOSDAQ": (*_INDEXES_KOSDAQ, *_TRADING, *_FIGURES),
}
#: File -> the market it lists; this world has no KONEX issues, so that list is empty.
FILES = {"kospi_code.mst": "KOSPI", "kosdaq_code.mst": "KOSDAQ", "konex_code.mst": "KONEX"}
_GROUPS = {"stock": "ST", "etf": "EF", "etn": "EN"}
_BLANK = {"grp_code", "sale_account", "bsop_prfi", "op_prfi", "thtr_ntin", "roe", "po_prc"}
_NAME_BYTES = 40


def zipped(file: str, world: World, halted: Collection[str], share: float = 1.0) -> bytes:
    """``kospi_code.mst`` and so on in a zip; of the lines only that ``share`` from the beginning."""
    market = FILES[file]
    lines = [line_of(listed, listed.symbol in halted) for listed in world if listed.market == market]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(file, _text(lines[: round(len(lines) * share)]))
    return packed.getvalue()


def _text(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def line_of(listed: Instrument, halted: bool) -> bytes:
    """One issue: 9 bytes of code, 12 of ISIN, 40 of name, and the tail of its market."""
    name = listed.name.encode("cp949")
    while len(name) > _NAME_BYTES:
        name = name.decode("cp949")[:-1].encode("cp949")
    head = listed.symbol.encode().ljust(9) + isin(listed).encode() + name.ljust(_NAME_BYTES)
    return head + _tail(listed, halted).encode("ascii")


def _tail(listed: Instrument, halted: bool) -> str:
    known = {
        "scrt_grp_cls_code": _GROUPS[listed.kind],
        "short_over_cls_code": "0",
        "etp_prod_cls_code": {"stock": "0", "etf": "2", "etn": "3"}[listed.kind],
        "stck_sdpr": f"{listed.base_price:09d}",
        "frml_mrkt_deal_qty_unit": "00001",
        "ovtm_mrkt_deal_qty_unit": "00001",
        "trht_yn": "Y" if halted else "N",
        "mang_issu_yn": "Y" if _every(listed, 83) else "N",
        "mrkt_alrm_cls_code": "03" if _every(listed, 311) else "02" if _every(listed, 127) else
                              "01" if _every(listed, 59) else "00",
        "marg_rate": "020",
        "stck_lstn_date": "19750611",
        "lstn_stcn": f"{listed.listed_shares // 1000:015d}",
        "stac_month": "12",
        "prst_cls_code": "1" if listed.name.endswith("우") else "0",
        "base_date": "20260930",
        "prdy_avls_scal": f"{listed.base_price * listed.listed_shares // 100_000_000:09d}",
    }  # fmt: skip
    parts = []
    for column, width in TAILS[listed.market]:
        filler = "N" if column.endswith(("_yn", "_able")) else "0"
        text = known.get(column, "" if column in _BLANK else filler * width)
        parts.append(text.rjust(width))
    return "".join(parts)


def _every(listed: Instrument, number: int) -> bool:
    """Marked are only small issues, so that the large ones of a demo can be traded."""
    digits = int("".join(c for c in listed.symbol if c.isdigit()))
    return listed.kind == "stock" and listed.weight == 1 and digits // 10 % number == 0


def isin(listed: Instrument) -> str:
    """KR, the kind, the code, and the check digit of ISO 6166."""
    stem = f"KR{'G' if listed.kind == 'etn' else '7'}{listed.symbol.removeprefix('Q'):0>6}00"
    digits = "".join(str(int(character, 36)) for character in stem)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return f"{stem}{-total % 10}"
