"""Close the loop: ask, fit, judge, commit; and decide what to ask next."""
