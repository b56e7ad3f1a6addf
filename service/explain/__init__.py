"""Why an alert is there: its rule played again over the stored samples of its time, and told in plain words."""
