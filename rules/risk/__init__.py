"""Four-colour risk of sources, enterprises and the park, from the alarms that stand."""
