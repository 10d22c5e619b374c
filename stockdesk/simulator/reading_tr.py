"""Every call that reads the market, by method and path: prices of now, past days, rankings, other countries."""

from stockdesk.simulator.book_call import asking_price
from stockdesk.simulator.depository_calls import credit_balances, dividends, short_sales
from stockdesk.simulator.overseas_calls import overseas
from stockdesk.simulator.ranking_calls import fluctuation, net_buyers, volume_rank
from stockdesk.simulator.reference_calls import daily_bars, investor_flows, market_flows
from stockdesk.simulator.tr import CALLS as PRICE_CALLS
from stockdesk.simulator.tr import QUOTATIONS, Call

STOCK, OVERSEAS = "/uapi/domestic-stock/v1", "/uapi/overseas-price/v1/quotations"

CALLS: dict[tuple[str, str], Call] = {
    **PRICE_CALLS,
    ("GET", f"{QUOTATIONS}/inquire-asking-price-exp-ccn"): Call(("FHKST01010200",), True, asking_price),
    ("GET", f"{QUOTATIONS}/inquire-daily-itemchartprice"): Call(("FHKST03010100",), True, daily_bars),
    ("GET", f"{QUOTATIONS}/investor-trade-by-stock-daily"): Call(("FHPTJ04160001",), False, investor_flows),
    ("GET", f"{QUOTATIONS}/inquire-investor-daily-by-market"): Call(("FHPTJ04040000",), False, market_flows),
    ("GET", f"{QUOTATIONS}/foreign-institution-total"): Call(("FHPTJ04400000",), False, net_buyers),
    ("GET", f"{QUOTATIONS}/daily-short-sale"): Call(("FHPST04830000",), False, short_sales),
    ("GET", f"{QUOTATIONS}/daily-credit-balance"): Call(("FHPST04760000",), False, credit_balances),
    ("GET", f"{QUOTATIONS}/volume-rank"): Call(("FHPST01710000",), False, volume_rank),
    ("GET", f"{STOCK}/ksdinfo/dividend"): Call(("HHKDB669102C0",), False, dividends),
    ("GET", f"{STOCK}/ranking/fluctuation"): Call(("FHPST01700000",), False, fluctuation),
    ("GET", f"{OVERSEAS}/inquire-daily-chartprice"): Call(("FHKST03030100",), True, overseas),
}
