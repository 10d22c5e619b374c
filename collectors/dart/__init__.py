"""DART (opendart.fss.or.kr), the disclosures of the Financial Supervisory Service: filings, texts, accounts."""
