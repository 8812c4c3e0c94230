"""How programs, schedules and results look in a notebook: SVG and tables that need no library and no style sheet."""
