"""data.go.kr, the government's open data: daily prices of all stocks and the list of listed issues."""
