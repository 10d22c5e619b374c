"""Answers of both sources in their real shapes."""

import io
import json
import zipfile
from typing import Any

DART = "https://opendart.fss.or.kr/api"
DATA_GO_KR = "https://apis.data.go.kr/1160100/service"
PRICES = f"{DATA_GO_KR}/GetStockSecuritiesInfoService/getStockPriceInfo"
LISTED = f"{DATA_GO_KR}/GetKrxListedInfoService/getItemInfo"

DART_WORDS = {
    "010": "등록되지 않은 키입니다.",
    "011": "사용할 수 없는 키입니다.",
    "012": "접근할 수 없는 IP입니다.",
    "013": "조회된 데이타가 없습니다.",
    "014": "파일이 존재하지 않습니다.",
    "020": "사용한도를 초과하였습니다.",
    "021": "조회 가능한 회사 개수가 초과하였습니다.(최대 100건)",
    "100": "필드의 부적절한 값입니다.",
    "101": "부적절한 접근입니다.",
    "800": "시스템 점검으로 인한 서비스가 중지 중입니다.",
    "900": "정의되지 않은 오류가 발생하였습니다.",
    "901": "사용자 계정의 개인정보 보유기간이 만료되어 사용할 수 없는 키입니다.",
}


def dart_error(status: str) -> str:
    return json.dumps({"status": status, "message": DART_WORDS[status]}, ensure_ascii=False)


def dart_error_xml(status: str) -> str:
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f"{head}<result><status>{status}</status><message>{DART_WORDS[status]}</message></result>"


def filing(number: int, day: str = "20261120", **changes: Any) -> dict[str, Any]:
    return {
        "corp_code": "00126380",
        "corp_name": "삼성전자",
        "stock_code": "005930",
        "corp_cls": "Y",
        "report_nm": "[기재정정]주요사항보고서(자기주식취득결정)            ",
        "rcept_no": f"{day}{number:06d}",
        "flr_nm": "삼성전자",
        "rcept_dt": day,
        "rm": "유",
        **changes,
    }


def filings(rows: list[dict[str, Any]], page: int = 1, total: int | None = None, pages: int = 1) -> dict[str, Any]:
    return {
        "status": "000",
        "message": "정상",
        "page_no": page,
        "page_count": 100,
        "total_count": len(rows) if total is None else total,
        "total_page": pages,
        "list": rows,
    }


def zipped(**files: bytes) -> bytes:
    """A zip; names as keywords, a double underscore for the dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return out.getvalue()


def corp_zip(*companies: tuple[str, str, str]) -> bytes:
    """corpCode.xml's zip of (code, name, stock code)."""
    rows = "".join(
        f"<list><corp_code>{code}</corp_code><corp_name>{name}</corp_name><corp_eng_name>X</corp_eng_name>"
        f"<stock_code>{symbol}</stock_code><modify_date>20260331</modify_date></list>"
        for code, name, symbol in companies
    )
    return zipped(CORPCODE__xml=f'<?xml version="1.0" encoding="UTF-8"?><result>{rows}</result>'.encode())


def key_account(**changes: Any) -> dict[str, Any]:
    return {
        "rcept_no": "20261114000777",
        "reprt_code": "11014",
        "bsns_year": "2026",
        "corp_code": "00126380",
        "stock_code": "005930",
        "fs_div": "CFS",
        "fs_nm": "연결재무제표",
        "sj_div": "IS",
        "sj_nm": "손익계산서",
        "account_nm": "매출액",
        "thstrm_nm": "제 58 기 3분기",
        "thstrm_amount": "106,479,426,061",
        "thstrm_add_amount": "300,000,000,000",
        "frmtrm_nm": "제 57 기 3분기",
        "frmtrm_amount": "-6,916,333,493",
        "frmtrm_add_amount": "-",
        "ord": "23",
        "currency": "KRW",
        **changes,
    }


def statement_line(**changes: Any) -> dict[str, Any]:
    return {
        "rcept_no": "20261114000777",
        "reprt_code": "11014",
        "bsns_year": "2026",
        "corp_code": "00126380",
        "sj_div": "IS",
        "sj_nm": "손익계산서",
        "account_id": "-표준계정코드 미사용-",
        "account_nm": "기타수익",
        "account_detail": "-",
        "thstrm_nm": "제 58 기 3분기",
        "thstrm_amount": "1000000",
        "thstrm_add_amount": "",
        "frmtrm_q_amount": "900000",
        "ord": "5",
        "currency": "KRW",
        **changes,
    }


def good(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"status": "000", "message": "정상", "list": rows}


def price(symbol: str = "005930", day: str = "20261118", **changes: str) -> dict[str, str]:
    return {
        "basDt": day,
        "srtnCd": symbol,
        "isinCd": f"KR7{symbol}003",
        "itmsNm": "삼성전자",
        "mrktCtg": "KOSPI",
        "clpr": "98500",
        "vs": "-100",
        "fltRt": "-.1",
        "mkp": "98600",
        "hipr": "99000",
        "lopr": "98000",
        "trqu": "12345678",
        "trPrc": "1216049283000",
        "lstgStCnt": "5919637922",
        "mrktTotAmt": str(98_500 * 5_919_637_922),
        **changes,
    }


def open_page(
    items: Any, total: int, page: int = 1, code: str = "00", words: str = "NORMAL SERVICE."
) -> dict[str, Any]:
    body = {"numOfRows": 1000, "pageNo": page, "totalCount": total, "items": items}
    return {"response": {"header": {"resultCode": code, "resultMsg": words}, "body": body}}


def gateway(code: str, words: str) -> dict[str, Any]:
    header = {"errMsg": "SERVICE ERROR", "returnAuthMsg": words, "returnReasonCode": code}
    return {"OpenAPI_ServiceResponse": {"cmmMsgHeader": header}}


def gateway_xml(code: str, words: str) -> str:
    return (
        "<OpenAPI_ServiceResponse>\n\t<cmmMsgHeader>\n\t\t<errMsg>SERVICE ERROR</errMsg>\n"
        f"\t\t<returnAuthMsg>{words}</returnAuthMsg>\n\t\t<returnReasonCode>{code}</returnReasonCode>\n"
        "\t</cmmMsgHeader>\n</OpenAPI_ServiceResponse>"
    )
