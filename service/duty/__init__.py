"""What people of the park do by the calendar: shifts, periodic duties, inspections, ratings, monthly lights."""
