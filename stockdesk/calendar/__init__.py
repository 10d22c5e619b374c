"""The exchange's calendar: which days are open, at what hours, who says so, and what is doubtful about it."""
